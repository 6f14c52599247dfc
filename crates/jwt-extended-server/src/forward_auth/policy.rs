//! Policies: what a request to an app behind a proxy needs, by its method and its path.
//!
//! They know neither proxies nor responses.

use std::time::Duration;

use axum::http::Method;
use jwt_extended_axum::{Requirement, token::Lifetime};
use serde::Deserialize;

use super::path::{RequestPath, is_lenient_pattern, lenient_pattern};

/// An entry of the section `[[policies]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PolicyOptions {
    name: String,
    /// The patterns of its paths. Without any, it is for all paths.
    #[serde(default)]
    paths: Vec<String>,
    /// The methods. Without any, it is for all methods.
    #[serde(default)]
    methods: Vec<String>,
    #[serde(default)]
    public: bool,
    #[serde(default)]
    fresh: bool,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    max_age: Option<Lifetime>,
}

/// What a token must have beside being an access token.
#[derive(Debug, Default)]
pub(super) struct Demands {
    pub(super) fresh: bool,
    pub(super) scopes: Vec<String>,
    pub(super) max_age: Option<Duration>,
}

/// The mistake of a policy. The message names the policy and says what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the policy \"{name}\" {why}")]
pub struct PolicyError {
    name: String,
    why: String,
}

/// What a request needs.
#[derive(Clone, Debug)]
pub(super) enum Access {
    /// Nothing.
    Public,
    /// A token.
    Guarded(Guarded),
}

/// A token, and whether a renewed one can meet the requirement.
#[derive(Clone, Debug)]
pub(super) struct Guarded {
    pub(super) requirement: Requirement,
    pub(super) renewable: Renewable,
}

/// Whether a renewed token, which is never fresh, can meet a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewable {
    Yes,
    No,
}

/// The policies in the order of the file. The first one that fits a request decides.
#[derive(Debug)]
pub(super) struct Policies {
    policies: Vec<Policy>,
    otherwise: Access,
}

#[derive(Debug)]
struct Policy {
    name: String,
    methods: Vec<Method>,
    /// `None` for all paths.
    paths: Option<matchit::Router<()>>,
    access: Access,
}

/// A path that apps may read in different ways, where policies ask for different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

impl Policies {
    pub(super) fn new(options: Vec<PolicyOptions>) -> Result<Self, PolicyError> {
        let mut policies = Vec::<Policy>::with_capacity(options.len());
        for options in options {
            let name = options.name.clone();
            if name.is_empty() || policies.iter().any(|policy| policy.name == name) {
                return Err(PolicyError { name, why: "needs a name that no other policy has".to_owned() });
            }
            policies.push(Policy::new(options).map_err(|why| PolicyError { name, why })?);
        }
        Ok(Self { policies, otherwise: Demands::default().access() })
    }

    pub(super) fn count(&self) -> usize {
        self.policies.len()
    }

    /// Returns what a request needs. Without a policy that fits, that is an access token.
    pub(super) fn of_request(&self, method: &Method, path: &str) -> Result<&Access, Ambiguous> {
        let path = RequestPath::new(path);
        for policy in &self.policies {
            if policy.fits(method, &path)? {
                return Ok(&policy.access);
            }
        }
        Ok(&self.otherwise)
    }

    /// Returns what the policy of this name needs.
    pub(super) fn named(&self, name: &str) -> Option<&Access> {
        self.policies.iter().find(|policy| policy.name == name).map(|policy| &policy.access)
    }
}

impl Policy {
    fn new(options: PolicyOptions) -> Result<Self, String> {
        let PolicyOptions { name, paths, methods, public, fresh, scopes, max_age } = options;
        let duration = |time: Lifetime| time.duration().ok_or("has no max_age that is a time, such as \"10m\"");
        let demands = Demands { fresh, scopes, max_age: max_age.map(duration).transpose()? };
        let access = match (public, demands.is_empty()) {
            (true, true) => Access::Public,
            (true, false) => return Err("is public, so it cannot need fresh, scopes or max_age".to_owned()),
            (false, _) => demands.access(),
        };
        let methods = methods.iter().map(|text| method(text)).collect::<Result<_, _>>()?;
        let paths = if paths.is_empty() { None } else { Some(router(&paths, &access)?) };
        Ok(Self { name, methods, paths, access })
    }

    fn fits(&self, method: &Method, path: &RequestPath<'_>) -> Result<bool, Ambiguous> {
        // Apps answer HEAD by their route for GET.
        let is_alike = |listed: &Method| listed == method || (*method == Method::HEAD && *listed == Method::GET);
        if !self.methods.is_empty() && !self.methods.iter().any(is_alike) {
            return Ok(false);
        }
        let Some(paths) = &self.paths else { return Ok(true) };
        match self.access {
            // In doubt, a path is not public.
            Access::Public => Ok(path.exact().is_some_and(|path| paths.at(path).is_ok())),
            // In doubt, a path may be this one.
            Access::Guarded(_) => Ok(paths.at(path.lenient().ok_or(Ambiguous)?).is_ok()),
        }
    }
}

impl Demands {
    fn is_empty(&self) -> bool {
        !self.fresh && self.scopes.is_empty() && self.max_age.is_none()
    }

    /// Returns what a request needs.
    pub(super) fn access(&self) -> Access {
        let mut requirement = if self.fresh { Requirement::fresh() } else { Requirement::access() };
        if !self.scopes.is_empty() {
            requirement = requirement.scopes(self.scopes.iter());
        }
        if let Some(max_age) = self.max_age {
            requirement = requirement.max_age(max_age);
        }
        Access::Guarded(Guarded { requirement, renewable: if self.fresh { Renewable::No } else { Renewable::Yes } })
    }
}

fn method(text: &str) -> Result<Method, String> {
    let is_upper = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    let method = is_upper.then(|| Method::from_bytes(text.as_bytes()).ok()).flatten();
    method.ok_or_else(|| "has a method that is not in capitals, such as \"POST\"".to_owned())
}

/// Makes the patterns of a policy. Those that protect also fit the path above `/{*rest}`.
fn router(paths: &[String], access: &Access) -> Result<matchit::Router<()>, String> {
    let mut router = matchit::Router::new();
    for path in paths {
        if !path.starts_with('/') {
            return Err(format!("has the path \"{path}\", which must begin with /"));
        }
        let wrong = |error: matchit::InsertError| format!("has the path \"{path}\", which is no pattern: {error}");
        if let Access::Public = access {
            router.insert(path, ()).map_err(wrong)?;
            continue;
        }
        if !is_lenient_pattern(path) {
            return Err(format!(
                "has the path \"{path}\"; write it decoded, such as \"/my files\", without ;, // and .."
            ));
        }
        let pattern = lenient_pattern(path);
        router.insert(&*pattern, ()).map_err(wrong)?;
        if let Some((above, _)) = pattern.split_once("/{*") {
            let above = if above.is_empty() { "/" } else { above };
            // Another pattern of this policy may be the same path.
            let _ = router.insert(above, ());
        }
    }
    Ok(router)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(text: &str) -> Result<Policies, PolicyError> {
        #[derive(Deserialize)]
        struct File {
            policies: Vec<PolicyOptions>,
        }
        Policies::new(toml::from_str::<File>(text).unwrap().policies)
    }

    const FILE: &str = r#"
        [[policies]]
        name = "assets"
        paths = ["/", "/assets/{*file}", "/users/{id}/picture"]
        methods = ["GET"]
        public = true
        [[policies]]
        name = "transfer"
        paths = ["/transfer", "/Admin/{*rest}", "/my files/{id}/edit"]
        fresh = true
        [[policies]]
        name = "writing"
        methods = ["POST", "PUT"]
        scopes = ["write"]
    "#;

    /// Returns what decides: `public`, `fresh`, `scopes`, or `access`, which is for all others.
    fn decides(method: &str, path: &str) -> Result<&'static str, Ambiguous> {
        let policies = policies(FILE).unwrap();
        let access = policies.of_request(&method.parse().unwrap(), path)?;
        Ok(match access {
            Access::Public => "public",
            Access::Guarded(guarded) if guarded.requirement == Requirement::fresh() => "fresh",
            Access::Guarded(guarded) if guarded.requirement == Requirement::access() => "access",
            Access::Guarded(_) => "scopes",
        })
    }

    #[test]
    fn the_first_policy_that_fits_decides() {
        for (method, path, expected) in [
            ("GET", "/", "public"),
            ("HEAD", "/assets/a/b.css", "public"),
            ("GET", "/users/7/picture", "public"),
            ("POST", "/assets/a", "scopes"),
            ("GET", "/assets", "access"),
            ("GET", "/Assets/a", "access"),
            ("GET", "/other", "access"),
            ("DELETE", "/other", "access"),
            ("PUT", "/other", "scopes"),
            ("GET", "/transfer", "fresh"),
            ("POST", "/admin", "fresh"),
        ] {
            assert_eq!(decides(method, path), Ok(expected), "{method} {path}");
        }
    }

    #[test]
    fn no_spelling_of_a_path_avoids_its_policy() {
        let spellings = ["/TRANSFER", "/transfer/", "/tr%61nsfer", "/transfer;x=1", "/%74ransfer/"];
        for path in
            spellings.into_iter().chain(["/admin/", "/ADMIN/x", "/admin/x/y;z", "/adm%69n/x", "/my%20files/7/edit"])
        {
            assert_eq!(decides("GET", path), Ok("fresh"), "{path}");
        }
    }

    #[test]
    fn a_path_that_apps_read_differently_is_refused() {
        for path in ["//transfer", "/x/../transfer", "/assets/../transfer", "/assets/%2e%2e/transfer", "/transfer%2f"] {
            assert_eq!(decides("GET", path), Err(Ambiguous), "{path}");
        }
        let public = "[[policies]]\nname = \"a\"\npaths = [\"/a/{*b}\"]\npublic = true";
        let public = policies(public).unwrap();
        assert!(matches!(public.of_request(&Method::GET, "/a/../b"), Ok(Access::Guarded(_))));
    }

    #[test]
    fn mistakes_of_a_policy_name_it_and_say_what_to_write() {
        for (lines, message) in [
            ("public = true\nfresh = true", "is public, so it cannot need fresh, scopes or max_age"),
            ("methods = [\"post\"]", "has a method that is not in capitals, such as \"POST\""),
            ("paths = [\"transfer\"]", "has the path \"transfer\", which must begin with /"),
            (
                "paths = [\"/my%20files\"]",
                "has the path \"/my%20files\"; write it decoded, such as \"/my files\", without ;, // and ..",
            ),
            (
                "paths = [\"/a//b\"]",
                "has the path \"/a//b\"; write it decoded, such as \"/my files\", without ;, // and ..",
            ),
            ("max_age = false", "has no max_age that is a time, such as \"10m\""),
        ] {
            let error = policies(&format!("[[policies]]\nname = \"a\"\n{lines}")).unwrap_err().to_string();
            assert!(error.ends_with(message), "{error}");
        }
        let twice = "[[policies]]\nname = \"a\"\n[[policies]]\nname = \"a\"";
        assert_eq!(policies(twice).unwrap_err().to_string(), "the policy \"a\" needs a name that no other policy has");
        assert!(policies("[[policies]]\nname = \"a\"\npaths = [\"/{\"]").is_err());
    }
}
