//! The README shows the example `app`, which compiles.

#[test]
fn the_readme_shows_the_example() {
    // The packaged crate does not contain the project's README.
    let Ok(readme) = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")) else { return };
    let program = concat!("```rust\n", include_str!("../../examples/app.rs"), "```");
    assert!(readme.contains(program), "copy examples/app.rs into the README");
}
