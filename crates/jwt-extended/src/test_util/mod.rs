//! Shared tests: the table of requests and answers that every face runs, from `conformance/requests.json`, and in
//! [`sessions`] the specification of stores; in [`denylist`] that of a denylist over one.
//!
//! A face builds the small app that the table describes, sends each case's request, and passes the answer to
//! [`Case::check`]. A face in another language reads the same file.
//!
//! ```
//! use jwt_extended::test_util::Table;
//!
//! let table = Table::load();
//! let case = table.cases().iter().find(|case| case.name == "no token").unwrap();
//! let request = table.request(case);
//! assert_eq!(request.uri().path(), "/access");
//! // …send it to an app with the manager of `table.manager(case)`, and then:
//! # let rejection = jwt_extended::JwtManager::builder();
//! let answer = http::Response::builder().status(401).header("WWW-Authenticate", "Bearer");
//! let answer = answer.body(br#"{"msg":"Missing Authorization Header"}"#.to_vec()).unwrap();
//! case.check(&answer).unwrap();
//! ```

#![allow(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "only tests use this, and the table is part of this crate"
)]

pub mod denylist;
pub mod sessions;

use std::{collections::BTreeMap, time::Duration};

use http::{Request, Response, header};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Config, JwtManager, JwtManagerBuilder, Requirement,
    config::{IssuerOptions, Secret},
    jose::{self, Key},
    session::{Answer, RevocationStore, TokenIds, TokenStatus},
    token::Lifetime,
};

/// The table of requests and answers.
#[derive(Debug, Deserialize)]
pub struct Table {
    secret: String,
    other_secret: String,
    revoked_tokens: Vec<String>,
    revoked_sessions: Vec<String>,
    configs: BTreeMap<String, Value>,
    tokens: BTreeMap<String, Recipe>,
    cases: Vec<Case>,
}

/// A token of the table.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Recipe {
    /// Its parts, which are signed with a secret.
    Parts { header: String, payload: String, key: String },
    /// Its text, which another issuer has signed.
    Text { text: String },
}

/// One request, and the answer to it.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct Case {
    /// The fact that it shows.
    pub name: String,
    /// The app that gets the request: one of the table's configurations.
    pub config: String,
    /// The guarded route of the app.
    pub guard: Guard,
    method: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    query: Option<String>,
    body: Option<String>,
    answer: Expected,
    flask_status: Option<u16>,
}

/// A guarded route of the table's apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are named after the guards")]
#[expect(clippy::exhaustive_enums, reason = "a face must serve all of them")]
pub enum Guard {
    Access,
    Fresh,
    Refresh,
    Any,
    Optional,
    Scoped,
    StepUp,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum Expected {
    Refused { status: u16, code: String, msg: String, challenge: String },
    Admitted { status: u16, subject: Option<String>, location: Option<String> },
}

impl Guard {
    /// All guards.
    pub const ALL: [Self; 7] =
        [Self::Access, Self::Fresh, Self::Refresh, Self::Any, Self::Optional, Self::Scoped, Self::StepUp];

    /// The scope that `/scoped` asks for.
    pub const SCOPE: &str = "read:orders";
    /// How long ago the login may be that `/step_up` asks for.
    pub const MAX_AGE: Duration = Duration::from_secs(3_155_760_000);
    /// The class of login that `/step_up` asks for.
    pub const ACR: &str = "gold";

    /// Returns its path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Access => "/access",
            Self::Fresh => "/fresh",
            Self::Refresh => "/refresh",
            Self::Any => "/any",
            Self::Optional => "/optional",
            Self::Scoped => "/scoped",
            Self::StepUp => "/step_up",
        }
    }

    /// Returns its requirement.
    pub fn requirement(self) -> Requirement {
        match self {
            Self::Access | Self::Optional => Requirement::access(),
            Self::Fresh => Requirement::fresh(),
            Self::Refresh => Requirement::refresh(),
            Self::Any => Requirement::any(),
            Self::Scoped => Requirement::access().scopes([Self::SCOPE]),
            Self::StepUp => Requirement::access().max_age(Self::MAX_AGE).acr([Self::ACR]),
        }
    }
}

impl Table {
    /// Reads the table.
    pub fn load() -> Self {
        let mut table: Self = serde_json::from_str(include_str!("../../conformance/requests.json"))
            .expect("the table is checked by this crate's tests");
        if cfg!(not(feature = "asymmetric")) {
            // The other issuers of the table have key pairs.
            table.cases.retain(|case| case.config != "issuers");
        }
        table
    }

    /// Returns the cases.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// Returns the builder of the manager of a case's app, with its store.
    pub fn builder(&self, case: &Case) -> JwtManagerBuilder {
        let mut options = self.configs.get(&case.config).expect("every case's config is in the table").clone();
        let issuers =
            options.as_object_mut().and_then(|options| options.remove("issuers")).unwrap_or_else(|| json!([]));
        let issuers: Vec<IssuerOptions> = serde_json::from_value(issuers).expect("the table's issuers are valid");
        let mut config: Config = serde_json::from_value(options).expect("the table's configs are valid");
        config.secret_key = Some(Secret::from(self.secret.as_str()));
        config.longest_lifetime = Some(Lifetime::Never);
        let builder = JwtManager::from_config(config).revocation_store(self.blocklist());
        issuers.into_iter().fold(builder, |builder, issuer| {
            let keys = issuer.given_keys().expect("the table's keys are valid").expect("the table has its keys");
            builder.issuer(issuer.into_issuer(keys))
        })
    }

    /// Returns the manager of a case's app.
    pub fn manager(&self, case: &Case) -> JwtManager {
        self.builder(case).build().expect("the table's configs are valid")
    }

    /// Returns the request of a case.
    pub fn request(&self, case: &Case) -> Request<Vec<u8>> {
        let query = case.query.as_ref().map(|query| format!("?{}", self.fill(query))).unwrap_or_default();
        let mut request = Request::builder().method(case.method.as_str()).uri(format!("{}{query}", case.guard.path()));
        for (name, value) in &case.headers {
            request = request.header(name, self.fill(value).as_bytes());
        }
        let body = case.body.as_ref().map(|body| self.fill(body).into_bytes()).unwrap_or_default();
        request.body(body).expect("the table's requests are valid")
    }

    /// Replaces each `{name}` of a token by that token.
    fn fill(&self, text: &str) -> String {
        self.tokens.iter().fold(text.to_owned(), |text, (name, recipe)| {
            let place = format!("{{{name}}}");
            if text.contains(&place) { text.replace(&place, &self.sign(recipe)) } else { text }
        })
    }

    fn sign(&self, recipe: &Recipe) -> String {
        let (header, payload, key) = match recipe {
            Recipe::Text { text } => return text.clone(),
            Recipe::Parts { header, payload, key } => (header, payload, key),
        };
        let secret = if key == "secret" { &self.secret } else { &self.other_secret };
        let key = Key::hs256(secret).expect("the table's secrets are long enough");
        jose::sign_with_header(&key, header, payload).expect("an HMAC never fails")
    }

    /// Returns a blocklist of the table's revoked tokens and sessions.
    fn blocklist(&self) -> impl RevocationStore + use<> {
        let (tokens, sessions) = (self.revoked_tokens.clone(), self.revoked_sessions.clone());
        move |token: &TokenIds<'_>| {
            let has = |list: &[String], id: Option<&str>| id.is_some_and(|id| list.iter().any(|listed| listed == id));
            let revoked = has(&tokens, token.jti) || has(&sessions, token.session);
            Answer::Now(Ok(if revoked { TokenStatus::Revoked } else { TokenStatus::Active }))
        }
    }
}

impl Case {
    /// Compares an app's answer with the expected one.
    ///
    /// # Errors
    /// With the difference.
    pub fn check(&self, answer: &Response<Vec<u8>>) -> Result<(), String> {
        self.check_with_status(answer, self.status())
    }

    /// Compares an app's answer with the expected one under `error_statuses = flask_jwt_extended`.
    ///
    /// # Errors
    /// With the difference.
    pub fn check_flask(&self, answer: &Response<Vec<u8>>) -> Result<(), String> {
        self.check_with_status(answer, self.flask_status.unwrap_or_else(|| self.status()))
    }

    /// Returns the code of the expected rejection; `None` if the request is admitted.
    pub fn code(&self) -> Option<&str> {
        match &self.answer {
            Expected::Refused { code, .. } => Some(code),
            Expected::Admitted { .. } => None,
        }
    }

    fn status(&self) -> u16 {
        match &self.answer {
            Expected::Refused { status, .. } | Expected::Admitted { status, .. } => *status,
        }
    }

    fn check_with_status(&self, answer: &Response<Vec<u8>>, status: u16) -> Result<(), String> {
        let differs = |what: &str, expected: &dyn std::fmt::Debug, found: &dyn std::fmt::Debug| {
            Err(format!("{}: {what} should be {expected:?} and is {found:?}", self.name))
        };
        let body = answer.body();
        if answer.status() != status {
            return differs("the status", &status, &(answer.status(), String::from_utf8_lossy(body)));
        }
        if self.method == "HEAD" {
            return Ok(());
        }
        let found: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        match &self.answer {
            Expected::Admitted { subject, location, .. } => {
                let expected = json!({ "subject": subject, "location": location });
                if found == expected { Ok(()) } else { differs("the body", &expected, &found) }
            }
            Expected::Refused { msg, challenge, .. } => {
                let expected = Value::from(msg.as_str());
                let members = found.as_object();
                if members.is_none_or(|members| members.len() != 1 || !members.values().any(|value| *value == expected))
                {
                    return differs("the message", msg, &found);
                }
                let found = answer.headers().get(header::WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
                // 422 says nothing of authentication, so it has no challenge.
                let expected = (status != 422).then_some(challenge.as_str());
                if found == expected || status == 422 { Ok(()) } else { differs("the challenge", &expected, &found) }
            }
        }
    }
}
