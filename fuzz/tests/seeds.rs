//! Every committed input passes its target: those that fuzzing starts from, and those that it has found something with.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a test says what it runs, and fails by panicking")]

use std::{fs, path::Path};

use jwt_extended_fuzz::TARGETS;

fn folder(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_seed_passes_its_target() {
    for target in TARGETS {
        let seeds: Vec<_> = fs::read_dir(folder("seeds").join(target.name)).unwrap().map(Result::unwrap).collect();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in seeds {
            // The name shows up beside the panic of the target.
            println!("{}: {}", target.name, seed.path().display());
            (target.run)(&fs::read(seed.path()).unwrap());
        }
    }
}

#[test]
fn every_folder_of_seeds_has_a_target() {
    for entry in fs::read_dir(folder("seeds")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(jwt_extended_fuzz::find(&name).is_some(), "{name}");
    }
}

#[test]
fn every_target_has_a_dictionary() {
    for target in TARGETS {
        assert!(folder("dictionaries").join(format!("{}.dict", target.dictionary)).is_file(), "{}", target.name);
    }
}
