//! Tokens for tests, and the headers with which a client sends them.

use std::{borrow::Cow, time::Duration};

use http::{HeaderName, HeaderValue, header, request};
use serde::Serialize;

use crate::{
    JwtManager, TokenBuilder,
    http::Location,
    time::Timestamp,
    token::{Fresh, Issued, TokenType},
};

/// Makes tokens for tests with an app's own manager, so that the app accepts them as it does in production.
#[derive(Clone, Copy, Debug)]
pub struct TestTokens<'m> {
    jwt: &'m JwtManager,
}

/// A token that a test describes. It is issued by [`issue`](Self::issue), or sent by [`headers`](Self::headers) and
/// [`log_in`](Self::log_in).
#[derive(Debug)]
#[must_use = "it is issued when it is used"]
pub struct TestToken<'m> {
    jwt: &'m JwtManager,
    kind: TokenType,
    subject: String,
    fresh: Fresh,
    scopes: Option<Vec<String>>,
    claims: serde_json::Value,
    auth_time: Option<Timestamp>,
    acr: Option<String>,
    /// When it is issued; `None` for now.
    at: Option<Timestamp>,
    place: Option<Location>,
}

impl<'m> TestTokens<'m> {
    /// Makes tokens with this manager.
    pub const fn of(jwt: &'m JwtManager) -> Self {
        Self { jwt }
    }

    /// Describes an access token for a user. It is not fresh.
    ///
    /// It belongs to no session and says nothing of a login: no cookie is renewed by it, no session is listed, and a
    /// guard with `max_age` refuses it without [`logged_in_ago`](TestToken::logged_in_ago). For all of these, log in
    /// and take [`sent`](Self::sent). The subject is a text, so the claims of an `Identity` are not in it: add them
    /// with [`claims`](TestToken::claims).
    pub fn access(self, subject: impl Into<String>) -> TestToken<'m> {
        self.token(TokenType::Access, subject)
    }

    /// Describes a refresh token for a user. It belongs to no session: log in for one that does.
    pub fn refresh(self, subject: impl Into<String>) -> TestToken<'m> {
        self.token(TokenType::Refresh, subject)
    }

    /// Sends a token that the app has issued, such as one of a login, where the app looks first.
    ///
    /// # Panics
    /// If the app does not accept the token, or accepts neither headers nor cookies.
    pub fn sent(self, token: &Issued) -> SentToken {
        self.sent_at(token, None)
    }

    /// Sends such a token in cookies, with its CSRF value in a header.
    ///
    /// # Panics
    /// As [`sent`](Self::sent).
    pub fn sent_in_cookies(self, token: &Issued) -> SentToken {
        self.sent_at(token, Some(Location::Cookie))
    }

    fn sent_at(self, issued: &Issued, place: Option<Location>) -> SentToken {
        let token = self.jwt.decode_token(issued).expect("the app accepts its own tokens");
        let mut test = self.token(token.token_type(), token.subject());
        test.place = place;
        SentToken { headers: test.headers_of(issued) }
    }

    fn token(self, kind: TokenType, subject: impl Into<String>) -> TestToken<'m> {
        TestToken {
            jwt: self.jwt,
            kind,
            subject: subject.into(),
            fresh: Fresh::No,
            scopes: None,
            claims: serde_json::Value::Null,
            auth_time: None,
            acr: None,
            at: None,
            place: None,
        }
    }
}

impl TestToken<'_> {
    /// Makes it fresh.
    pub fn fresh(mut self) -> Self {
        self.fresh = Fresh::Always;
        self
    }

    /// Gives it these scopes.
    pub fn scopes<T: Into<String>>(mut self, scopes: impl IntoIterator<Item = T>) -> Self {
        self.scopes = Some(scopes.into_iter().map(Into::into).collect());
        self
    }

    /// Gives it these claims of the app, in place of those of an earlier call.
    ///
    /// # Panics
    /// When it is issued, if they contain a claim of the token itself, such as `sub`.
    pub fn claims<T: Serialize + ?Sized>(mut self, claims: &T) -> Self {
        self.claims = serde_json::to_value(claims).expect("the claims serialize");
        self
    }

    /// Says that the user logged in this long ago.
    pub fn logged_in_ago(mut self, ago: Duration) -> Self {
        self.auth_time = Some(self.jwt.now().saturating_sub(ago));
        self
    }

    /// Says that the login was of this class.
    pub fn acr(mut self, class: impl Into<String>) -> Self {
        self.acr = Some(class.into());
        self
    }

    /// Issues it so long ago that it has just expired.
    pub fn expired(mut self) -> Self {
        let now = self.jwt.now();
        let issued = self.builder(None).create().expect("the app issues its own tokens");
        let lives = issued.expires_in().expect("a token that never expires cannot be expired");
        self.at = Some(now.saturating_sub(lives + self.jwt.steps().leeway()));
        self
    }

    /// Sends it in cookies, with its CSRF value in a header, although the app accepts headers.
    pub fn in_cookies(mut self) -> Self {
        self.place = Some(Location::Cookie);
        self
    }

    /// Issues it.
    pub fn issue(&self) -> Issued {
        self.builder(self.at).create().expect("the app issues its own tokens")
    }

    /// Issues it and revokes it in the app's store.
    ///
    /// # Panics
    /// If the app has no store that revokes.
    pub async fn revoked(self) -> SentToken {
        let issued = self.issue();
        let token = self.jwt.decode_token(&issued).expect("the app accepts its own tokens");
        self.jwt.revoke_token(&token).await.expect("the app has a store that revokes");
        SentToken { headers: self.headers_of(&issued) }
    }

    /// Returns the headers with which a client sends it: `Authorization`, or the cookies and the CSRF value if the app
    /// looks in cookies alone.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        self.headers_of(&self.issue())
    }

    /// Adds those headers to a request of `http`. For a request of actix-web's tests there is `LogIn::logged_in`.
    pub fn log_in(&self, request: request::Builder) -> request::Builder {
        add(self.headers(), request)
    }

    fn builder(&self, at: Option<Timestamp>) -> TokenBuilder<'_> {
        let subject = &*self.subject;
        let builder = match self.kind {
            TokenType::Refresh => self.jwt.refresh_token(subject),
            TokenType::Access | TokenType::Other => self.jwt.access_token(subject),
        };
        let builder = builder.fresh(self.fresh).additional_claims(&self.claims);
        let builder = self.scopes.iter().fold(builder, TokenBuilder::scopes);
        let builder = self.auth_time.into_iter().fold(builder, TokenBuilder::auth_time);
        let builder = self.acr.iter().fold(builder, TokenBuilder::acr);
        at.into_iter().fold(builder, TokenBuilder::issued_at)
    }

    fn headers_of(&self, token: &Issued) -> Vec<(HeaderName, HeaderValue)> {
        let locations = self.jwt.token_location();
        let usual = if locations.contains(&Location::Header) { Location::Header } else { Location::Cookie };
        assert!(
            locations.contains(&self.place.unwrap_or(usual)),
            "the app looks for tokens in {locations:?}: issue the token, and send it as the app expects it"
        );
        let settings = self.jwt.steps().locate_settings();
        let value = |text: String| HeaderValue::try_from(text).expect("a token is a header's value");
        if self.place.unwrap_or(usual) == Location::Header {
            let scheme = &settings.header_type;
            let text = if scheme.is_empty() { token.to_string() } else { format!("{scheme} {token}") };
            return vec![(settings.header_name.clone(), value(text))];
        }
        let names = settings.of(self.kind);
        let csrf = token.csrf().map(Cow::into_owned);
        let cookie = (header::COOKIE, value(format!("{}={token}", names.cookie_name)));
        std::iter::once(cookie).chain(csrf.map(|csrf| (names.csrf_header.clone(), value(csrf)))).collect()
    }
}

/// A token that was issued already, as a client sends it.
#[derive(Clone, Debug)]
pub struct SentToken {
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl From<&TestToken<'_>> for SentToken {
    fn from(token: &TestToken<'_>) -> Self {
        Self { headers: token.headers() }
    }
}

impl From<TestToken<'_>> for SentToken {
    fn from(token: TestToken<'_>) -> Self {
        Self::from(&token)
    }
}

impl From<&Self> for SentToken {
    fn from(token: &Self) -> Self {
        token.clone()
    }
}

impl SentToken {
    /// Returns the headers with which a client sends it.
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        self.headers.clone()
    }

    /// Adds those headers to a request.
    pub fn log_in(&self, request: request::Builder) -> request::Builder {
        add(self.headers(), request)
    }
}

fn add(headers: Vec<(HeaderName, HeaderValue)>, request: request::Builder) -> request::Builder {
    headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Requirement, config::Switch, testing};

    fn check(jwt: &JwtManager, request: request::Builder, requirement: &Requirement) -> Result<(), String> {
        let (request, ()) = request.body(()).unwrap().into_parts();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let checked = runtime.block_on(jwt.authenticate(&request, requirement));
        checked.map(drop).map_err(|rejection| rejection.message())
    }

    fn post() -> request::Builder {
        http::Request::post("/")
    }

    #[test]
    fn a_token_is_what_the_test_says() {
        let jwt = testing::manager().0.build().unwrap();
        let tokens = TestTokens::of(&jwt);
        let hour = Requirement::access().max_age(Duration::from_secs(3600)).acr(["mfa"]).scopes(["a"]);
        let token = tokens.access("alice").scopes(["a", "b"]).acr("mfa").claims(&serde_json::json!({"role": "x"}));
        let issued = jwt.decode_token(&token.issue()).unwrap();
        assert_eq!((issued.subject(), issued.claim::<String>("role").unwrap().as_deref()), ("alice", Some("x")));
        assert!(check(&jwt, token.log_in(post()), &hour).is_err());
        let recent = token.logged_in_ago(Duration::from_secs(3599));
        assert_eq!(check(&jwt, recent.log_in(post()), &hour), Ok(()));
        assert_eq!(check(&jwt, recent.fresh().log_in(post()), &Requirement::fresh()), Ok(()));
        assert_eq!(check(&jwt, tokens.refresh("alice").log_in(post()), &Requirement::refresh()), Ok(()));
    }

    #[test]
    fn expired_and_revoked_tokens_are_refused_as_such() {
        let jwt = testing::manager().0.decode_leeway(Duration::from_secs(30)).build().unwrap();
        let tokens = TestTokens::of(&jwt);
        let refused = |request| check(&jwt, request, &Requirement::any()).unwrap_err();
        assert_eq!(refused(tokens.access("alice").expired().log_in(post())), "Token has expired");
        assert_eq!(refused(tokens.refresh("alice").expired().log_in(post())), "Token has expired");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let revoked = runtime.block_on(tokens.access("alice").revoked());
        assert_eq!(refused(revoked.log_in(post())), "Token has been revoked");
    }

    #[test]
    fn cookies_come_with_their_csrf_value() {
        let cookies = testing::manager().0.token_location([Location::Cookie]).build().unwrap();
        let both = testing::manager().0.token_location([Location::Header, Location::Cookie]).build().unwrap();
        let access = Requirement::access();
        assert_eq!(check(&cookies, TestTokens::of(&cookies).access("alice").log_in(post()), &access), Ok(()));
        let token = TestTokens::of(&both).access("alice").in_cookies();
        assert_eq!(token.headers()[0].0, header::COOKIE);
        assert_eq!(check(&both, token.log_in(post()), &access), Ok(()));
        let refresh = TestTokens::of(&both).refresh("alice").in_cookies();
        assert_eq!(check(&both, refresh.log_in(post()), &Requirement::refresh()), Ok(()));
    }

    #[test]
    fn the_apps_own_header_and_switches_are_respected() {
        let own = testing::manager().0.header_name("X-Token").header_type("").build().unwrap();
        assert_eq!(check(&own, TestTokens::of(&own).access("alice").log_in(post()), &Requirement::access()), Ok(()));
        let plain = testing::manager().0.token_location([Location::Cookie]).cookie_csrf_protect(Switch::Off);
        let plain = plain.build().unwrap();
        assert_eq!(TestTokens::of(&plain).access("alice").headers().len(), 1);
    }

    #[test]
    fn a_token_of_a_login_is_sent_where_the_app_looks() {
        let both = testing::manager().0.token_location([Location::Header, Location::Cookie]).build().unwrap();
        let tokens = TestTokens::of(&both);
        let issued = both.create_access_token("alice").unwrap();
        for (sent, header) in
            [(tokens.sent(&issued), header::AUTHORIZATION), (tokens.sent_in_cookies(&issued), header::COOKIE)]
        {
            assert_eq!(sent.headers()[0].0, header);
            assert_eq!(check(&both, SentToken::from(&sent).log_in(post()), &Requirement::access()), Ok(()));
        }
    }

    #[test]
    fn a_described_token_can_be_sent_as_it_is() {
        let jwt = testing::manager().0.build().unwrap();
        let sent = SentToken::from(TestTokens::of(&jwt).access("alice"));
        assert_eq!(check(&jwt, sent.log_in(post()), &Requirement::access()), Ok(()));
    }
}
