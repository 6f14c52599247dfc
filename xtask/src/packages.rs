//! The packages of the libraries, checked as crates.io would serve them: every file is inside, and each crate compiles
//! with its default features alone.
//!
//! `cargo package` can do this too, but it compiles every dependency again, with code. Here the packages are unpacked
//! into a workspace beside each other, and checked with the dependencies that clippy has already read.

use std::{fs, path::Path};

use crate::tools::{self, Report, Trouble, cargo, program, run};

/// The libraries, each after those that it depends on.
const LIBRARIES: [&str; 6] = [
    "jwt-extended",
    "jwt-extended-actix",
    "jwt-extended-axum",
    "jwt-extended-jwks",
    "jwt-extended-redis",
    "jwt-extended-sqlx",
];

/// The steps of `cargo xtask test`.
pub(crate) fn test(report: &mut Report) {
    report.step("packages of the libraries", || {
        let folder = tools::root().join("target/packages");
        unpack(&folder)?;
        for library in LIBRARIES {
            run(cargo(&format!("check -p {library} --target-dir")).arg(tools::target()).current_dir(&folder))?;
        }
        Ok(())
    });
}

/// Makes the packages, and a workspace of their contents.
fn unpack(folder: &Path) -> Result<(), Trouble> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let selection = LIBRARIES.map(|library| format!("-p {library}")).join(" ");
    run(cargo(&format!("package {selection} --allow-dirty --no-verify --quiet --target-dir")).arg(folder))?;
    for library in LIBRARIES {
        let package = format!("{library}-{}.crate", env!("CARGO_PKG_VERSION"));
        run(program("tar").arg("-xzf").arg(folder.join("package").join(package)).arg("-C").arg(folder))?;
    }
    fs::write(folder.join("Cargo.toml"), workspace())?;
    fs::copy(tools::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

/// The packages depend on each other by version alone. The patches say where those versions are.
fn workspace() -> String {
    let folders = LIBRARIES.map(|library| format!("{library}-{}", env!("CARGO_PKG_VERSION")));
    let patches =
        LIBRARIES.iter().zip(&folders).map(|(library, folder)| format!("{library} = {{ path = {folder:?} }}\n"));
    let patches: String = patches.collect();
    // The profile is that of the workspace, so that cargo finds the dependencies again.
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = {folders:?}\n\n[profile.dev]\ndebug = \"line-tables-only\"\n\n\
         [patch.crates-io]\n{patches}"
    )
}
