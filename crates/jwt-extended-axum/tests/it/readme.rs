//! The README's program is the example, which compiles.

#[test]
fn the_readme_shows_the_example_as_it_is() {
    // In a package of this crate alone there is no README of the project to compare with.
    let Ok(readme) = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")) else { return };
    let program = concat!("```rust\n", include_str!("../../examples/app.rs"), "```");
    assert!(readme.contains(program), "copy examples/app.rs into the README");
}
