//! `cargo xtask sbom`: a software bill of materials in CycloneDX 1.6 (ECMA-424), for the server and for the Python
//! wheel.
//!
//! It lists what the lock file says, with every feature, so that it names nothing less than what is built. It has no
//! time and no random number: the same sources give the same file.

use std::{collections::BTreeMap, fs};

use serde_json::{Value, json};

use crate::{
    metadata::{Metadata, Package},
    tools::{self, Report, Trouble, failed},
};

/// The packages that are given to others.
const PRODUCTS: [&str; 2] = ["jwt-extended-server", "jwt-extended-python"];

/// `cargo xtask sbom`.
pub(crate) fn run() -> Report {
    let mut report = Report::new();
    report.step("software bills of materials", write);
    report
}

/// Writes a file for each product into `target/sbom`.
fn write() -> Result<(), Trouble> {
    let folder = tools::root().join("target/sbom");
    fs::create_dir_all(&folder)?;
    let (metadata, checksums) = (Metadata::read()?, checksums(&fs::read_to_string(tools::root().join("Cargo.lock"))?));
    for product in PRODUCTS {
        let tree = metadata.tree(product)?;
        let mut bom = bom(product, &tree, &checksums)?;
        if product == "jwt-extended-python" {
            let project = fs::read_to_string(tools::root().join("python/pyproject.toml"))?;
            add_python(&mut bom, &python_dependencies(&project));
        }
        let path = folder.join(format!("{product}.cdx.json"));
        fs::write(&path, format!("{bom:#}\n"))?;
        println!("{}: {} components", path.display(), bom["components"].as_array().map_or(0, Vec::len));
    }
    Ok(())
}

type Tree = BTreeMap<String, (Package, Vec<String>)>;
type Checksums = BTreeMap<(String, String), String>;

fn bom(product: &str, tree: &Tree, checksums: &Checksums) -> Result<Value, Trouble> {
    let root = tree.values().find(|(package, _)| package.name == product);
    let Some((root, _)) = root else { return failed(format!("{product} is not in its own tree")) };
    let others = tree.values().filter(|(package, _)| package != root);
    let reference = |id: &String| tree.get(id).map(|(package, _)| purl(package));
    let dependencies: Vec<_> = tree
        .values()
        .map(|(package, below)| json!({ "ref": purl(package), "dependsOn": below.iter().filter_map(reference).collect::<Vec<_>>() }))
        .collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": { "component": component(root, "application", checksums) },
        "components": others.map(|(package, _)| component(package, "library", checksums)).collect::<Vec<_>>(),
        "dependencies": dependencies,
    }))
}

fn component(package: &Package, kind: &str, checksums: &Checksums) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": purl(package),
        "name": package.name,
        "version": package.version,
        "purl": purl(package),
        // Older crates write a slash for OR.
        "licenses": [{ "expression": package.licence.replace('/', " OR ") }],
    });
    if let Some(checksum) = checksums.get(&(package.name.clone(), package.version.clone())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    component
}

/// The name of a package among those of all ecosystems.
fn purl(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B"))
}

/// The checksum of each package in the lock file.
fn checksums(lock: &str) -> Checksums {
    let packages = lock.split("[[package]]").skip(1);
    let read = |package: &str| {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""));
            line.map(|value| value.trim_end_matches('"').to_owned())
        };
        Some(((field("name")?, field("version")?), field("checksum")?))
    };
    packages.filter_map(read).collect()
}

/// The packages that pip installs beside the wheel, as `pyproject.toml` names them.
fn python_dependencies(project: &str) -> Vec<String> {
    let line = project.lines().find_map(|line| line.strip_prefix("dependencies = ["));
    let names = line.into_iter().flat_map(|line| line.trim_end_matches(']').split("\", \""));
    names.map(|name| name.trim_matches('"').to_owned()).collect()
}

/// Adds them with their range: pip chooses the version.
fn add_python(bom: &mut Value, requirements: &[String]) {
    for requirement in requirements {
        let at = requirement.find(['>', '<', '=', '~', '!']).unwrap_or(requirement.len());
        let (name, range) = requirement.split_at(at);
        let purl = format!("pkg:pypi/{}", name.to_ascii_lowercase());
        let component = json!({
            "type": "library", "bom-ref": purl, "name": name, "purl": purl, "description": format!("any version {range}"),
        });
        if let Some(components) = bom["components"].as_array_mut() {
            components.push(component);
        }
        if let Some(dependencies) = bom["dependencies"].as_array_mut() {
            dependencies.push(json!({ "ref": purl }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, is_foreign: bool) -> Package {
        let licence = "MIT/Apache-2.0".to_owned();
        Package { id: name.to_owned(), name: name.to_owned(), version: "1.0.0+x".to_owned(), licence, is_foreign }
    }

    #[test]
    fn a_component_has_its_hash_and_a_licence_expression() {
        let lock = "[[package]]\nname = \"serde\"\nversion = \"1.0.0+x\"\nchecksum = \"ab12\"\n\n[[package]]\nname = \"own\"\n";
        let tree = Tree::from([
            ("app".to_owned(), (package("app", false), vec!["serde".to_owned()])),
            ("serde".to_owned(), (package("serde", true), Vec::new())),
        ]);
        let bom = bom("app", &tree, &checksums(lock)).unwrap();
        assert_eq!(bom["metadata"]["component"]["name"], "app");
        let serde = &bom["components"][0];
        assert_eq!(serde["purl"], "pkg:cargo/serde@1.0.0%2Bx");
        assert_eq!(serde["hashes"][0]["content"], "ab12");
        assert_eq!(serde["licenses"][0]["expression"], "MIT OR Apache-2.0");
        assert_eq!(bom["dependencies"][0]["dependsOn"][0], serde["bom-ref"]);
    }

    #[test]
    fn the_wheel_names_what_pip_installs_beside_it() {
        let requirements =
            python_dependencies("name = \"x\"\ndependencies = [\"flask>=2.2.5,<4\", \"PyJWT>=1.7.1,<3\"]\n");
        assert_eq!(requirements, ["flask>=2.2.5,<4", "PyJWT>=1.7.1,<3"]);
        let mut bom = json!({ "components": [], "dependencies": [] });
        add_python(&mut bom, &requirements);
        assert_eq!(bom["components"][1]["purl"], "pkg:pypi/pyjwt");
        assert_eq!(bom["components"][0]["description"], "any version >=2.2.5,<4");
    }
}
