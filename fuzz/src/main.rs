//! The program of `cargo xtask fuzz`: libFuzzer around the target that `FUZZ_TARGET` names.
//!
//! All targets are one program, because linking one for each would take longer than a short run of it. Built without
//! `cfg(fuzzing)`, it runs a target once with each of the given files.
#![cfg_attr(fuzzing, no_main)]
#![allow(clippy::print_stderr, reason = "a program says what is wrong with its arguments")]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static TARGET: std::sync::LazyLock<jwt_extended_fuzz::Target> = std::sync::LazyLock::new(|| {
        let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
        jwt_extended_fuzz::find(&name).unwrap_or_else(|| panic!("FUZZ_TARGET names no target: {name:?}"))
    });
    (TARGET.run)(data);
});

#[cfg(not(fuzzing))]
fn main() -> std::process::ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(target) = arguments.next().and_then(|name| jwt_extended_fuzz::find(&name)) else {
        let names: Vec<_> = jwt_extended_fuzz::TARGETS.iter().map(|target| target.name).collect();
        eprintln!("usage: fuzz TARGET FILE...\ntargets: {}", names.join(" "));
        return std::process::ExitCode::from(2);
    };
    for file in arguments {
        match std::fs::read(&file) {
            Ok(data) => (target.run)(&data),
            Err(error) => {
                eprintln!("{file}: {error}");
                return std::process::ExitCode::FAILURE;
            }
        }
    }
    std::process::ExitCode::SUCCESS
}
