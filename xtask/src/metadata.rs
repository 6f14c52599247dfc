//! What `cargo metadata` says of the workspace and its dependencies.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::tools::{self, Trouble, cargo, failed};

/// All packages of the lock file that the workspace uses, with every feature.
#[derive(Debug)]
pub(crate) struct Metadata(Value);

/// A package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) licence: String,
    /// Whether it comes from a registry.
    pub(crate) is_foreign: bool,
}

impl Metadata {
    pub(crate) fn read() -> Result<Self, Trouble> {
        let text = tools::output(&mut cargo("metadata --format-version 1 --all-features --quiet"))?;
        match serde_json::from_str(&text) {
            Ok(metadata) => Ok(Self(metadata)),
            Err(error) => failed(format!("cargo metadata: {error}")),
        }
    }

    /// The packages that members of the workspace name, for any purpose. Two versions of one are two.
    pub(crate) fn direct(&self) -> Vec<Package> {
        let members: BTreeSet<&str> = texts(&self.0["workspace_members"]).collect();
        let nodes = self.nodes().filter(|(id, _)| members.contains(id));
        let ids: BTreeSet<&str> =
            nodes.flat_map(|(_, node)| list(&node["deps"])).filter_map(|d| d["pkg"].as_str()).collect();
        let mut packages: Vec<_> =
            self.packages().filter(|package| package.is_foreign && ids.contains(&*package.id)).collect();
        packages.sort_by(|one, other| one.name.cmp(&other.name));
        packages
    }

    /// A member of the workspace and everything that is compiled into it, each with the ids of its own dependencies.
    /// Tests do not count.
    pub(crate) fn tree(&self, root: &str) -> Result<BTreeMap<String, (Package, Vec<String>)>, Trouble> {
        let packages: BTreeMap<_, _> = self.packages().map(|package| (package.id.clone(), package)).collect();
        let nodes: BTreeMap<_, _> = self.nodes().collect();
        let Some(root) = packages.values().find(|package| package.name == root && !package.is_foreign) else {
            return failed(format!("{root} is no package of the workspace"));
        };
        let mut tree = BTreeMap::new();
        let mut waiting = vec![root.id.clone()];
        while let Some(id) = waiting.pop() {
            let (Some(package), Some(node)) = (packages.get(&id), nodes.get(&*id)) else { continue };
            if tree.contains_key(&id) {
                continue;
            }
            let is_in = |dep: &&Value| list(&dep["dep_kinds"]).any(|kind| kind["kind"] != "dev");
            let below: Vec<_> =
                list(&node["deps"]).filter(is_in).filter_map(|dep| dep["pkg"].as_str().map(str::to_owned)).collect();
            waiting.extend(below.iter().cloned());
            tree.insert(id, (package.clone(), below));
        }
        Ok(tree)
    }

    fn packages(&self) -> impl Iterator<Item = Package> {
        list(&self.0["packages"]).map(|package| {
            let text = |name: &str| package[name].as_str().unwrap_or_default().to_owned();
            Package {
                id: text("id"),
                name: text("name"),
                version: text("version"),
                licence: text("license"),
                is_foreign: package["source"].is_string(),
            }
        })
    }

    fn nodes(&self) -> impl Iterator<Item = (&str, &Value)> {
        list(&self.0["resolve"]["nodes"]).filter_map(|node| Some((node["id"].as_str()?, node)))
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    list(value).filter_map(Value::as_str)
}
