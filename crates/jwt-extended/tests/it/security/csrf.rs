//! Line 22: a cookie alone does not authorise a request that changes something.

use jwt_extended::{JwtManager, Requirement, SystemEntropy, config::Switch, http::Location};

use crate::common::*;

fn jwt() -> JwtManager {
    builder().token_location([Location::Cookie]).build().unwrap()
}

fn cookie() -> String {
    format!("access_token_cookie={}", token(&[]))
}

/// Makes a request with a valid cookie and these headers.
fn with_cookie(method: &str, headers: &[(&str, &str)]) -> http::request::Parts {
    let cookie = cookie();
    let mut all = vec![("Cookie", cookie.as_str())];
    all.extend(headers);
    request(method, "/", &all)
}

fn code(jwt: &JwtManager, request: &http::request::Parts) -> &'static str {
    check(jwt, request, &Requirement::access()).map_or_else(|refusal| refusal.code(), |_| "admitted")
}

#[test]
fn only_unsafe_methods_need_the_csrf_value() {
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(code(&jwt(), &with_cookie(method, &[])), "csrf_missing", "{method}");
        assert_eq!(code(&jwt(), &with_cookie(method, &[("X-CSRF-TOKEN", "")])), "csrf_missing", "{method}");
        assert_eq!(code(&jwt(), &with_cookie(method, &[("X-CSRF-TOKEN", "a value")])), "admitted", "{method}");
    }
    for method in ["GET", "HEAD", "OPTIONS"] {
        assert_eq!(code(&jwt(), &with_cookie(method, &[])), "admitted", "{method}");
    }
}

#[test]
fn only_the_value_in_the_signed_token_matches() {
    let wrong = ["a", "A VALUE", "a value2", "a%20value", "\"a value\"", "null", "undefined", "a value, a value"];
    for value in wrong {
        assert_eq!(code(&jwt(), &with_cookie("POST", &[("X-CSRF-TOKEN", value)])), "csrf_mismatch", "{value}");
    }
    let twice = with_cookie("POST", &[("X-CSRF-TOKEN", "a value"), ("X-CSRF-TOKEN", "a value")]);
    assert_eq!(code(&jwt(), &twice), "csrf_mismatch");
    let mut bytes = with_cookie("POST", &[]);
    bytes.headers.insert("x-csrf-token", http::HeaderValue::from_bytes(b"a valu\xe9").unwrap());
    assert_eq!(code(&jwt(), &bytes), "csrf_mismatch", "a value that is not ASCII is rejected like any other");
}

#[test]
fn a_value_planted_by_a_sibling_subdomain_does_not_match() {
    // The attacker sets the CSRF cookie and, from a forged page, the header.
    let cookies = format!("{}; csrf_access_token=tossed", cookie());
    let request = request("POST", "/", &[("Cookie", &cookies), ("X-CSRF-TOKEN", "tossed")]);
    assert_eq!(code(&jwt(), &request), "csrf_mismatch");
}

#[test]
fn the_csrf_cookie_alone_proves_nothing() {
    let cookies = format!("{}; csrf_access_token=a value", cookie());
    assert_eq!(code(&jwt(), &request("POST", "/", &[("Cookie", &cookies)])), "csrf_missing");
}

#[test]
fn another_tokens_value_does_not_match() {
    let jwt = builder().entropy(SystemEntropy).token_location([Location::Cookie]).build().unwrap();
    let [mine, theirs] = ["mallory", "alice"].map(|user| wait(jwt.login(user)).unwrap());
    let value = jwt.decode_token(&mine.access).unwrap().csrf().unwrap().to_owned();
    let refresh = jwt.decode_token(theirs.refresh.as_ref().unwrap()).unwrap().csrf().unwrap().to_owned();
    let cookie = format!("access_token_cookie={}", theirs.access);
    for value in [value, refresh] {
        let request = request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", &value)]);
        assert_eq!(code(&jwt, &request), "csrf_mismatch");
    }
}

#[test]
fn a_cookie_token_without_csrf_claim_is_rejected() {
    let cookie = format!("access_token_cookie={}", token(&[("csrf", "")]));
    for sent in ["a value", "null", "undefined"] {
        let request = request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", sent)]);
        let refusal = refusal(&jwt(), &request, &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.message().as_str()), (401, "Missing claim: csrf"));
    }
    let empty = format!("access_token_cookie={}", token(&[("csrf", "\"\"")]));
    let request = request("POST", "/", &[("Cookie", &empty), ("X-CSRF-TOKEN", "")]);
    assert_eq!(code(&jwt(), &request), "csrf_missing", "an empty value matches nothing");
}

#[test]
fn an_unsafe_cross_site_request_is_rejected_despite_the_value() {
    let value = ("X-CSRF-TOKEN", "a value");
    for site in ["cross-site", " cross-site "] {
        assert_eq!(code(&jwt(), &with_cookie("POST", &[value, ("Sec-Fetch-Site", site)])), "csrf_cross_site");
    }
    let both = with_cookie("POST", &[value, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")]);
    assert_eq!(code(&jwt(), &both), "csrf_cross_site");
    for site in ["same-origin", "same-site", "none"] {
        assert_eq!(code(&jwt(), &with_cookie("POST", &[value, ("Sec-Fetch-Site", site)])), "admitted", "{site}");
    }
    assert_eq!(
        code(&jwt(), &with_cookie("GET", &[("Sec-Fetch-Site", "cross-site")])),
        "admitted",
        "the user followed a link"
    );
    let apart = builder().token_location([Location::Cookie]).csrf_refuse_cross_site(Switch::Off).build().unwrap();
    assert_eq!(code(&apart, &with_cookie("POST", &[value, ("Sec-Fetch-Site", "cross-site")])), "admitted");
    assert_eq!(code(&apart, &with_cookie("POST", &[("Sec-Fetch-Site", "cross-site")])), "csrf_missing");
}

#[test]
fn a_sibling_subdomain_is_rejected_if_the_option_is_on() {
    let value = ("X-CSRF-TOKEN", "a value");
    let strict = builder().token_location([Location::Cookie]).csrf_refuse_same_site(Switch::On).build().unwrap();
    for site in ["same-site", " same-site ", "cross-site"] {
        assert_eq!(code(&strict, &with_cookie("POST", &[value, ("Sec-Fetch-Site", site)])), "csrf_cross_site");
    }
    for site in ["same-origin", "none"] {
        assert_eq!(code(&strict, &with_cookie("POST", &[value, ("Sec-Fetch-Site", site)])), "admitted", "{site}");
    }
    assert_eq!(code(&strict, &with_cookie("POST", &[value])), "admitted", "an old browser does not say");
    assert_eq!(code(&strict, &with_cookie("GET", &[("Sec-Fetch-Site", "same-site")])), "admitted");
    let login = request("POST", "/login", &[("Sec-Fetch-Site", "same-site")]);
    assert_eq!(strict.refuse_cross_site(&login).unwrap_err().code(), "csrf_cross_site");
}

#[test]
fn a_bearer_header_needs_no_csrf_value() {
    let header = format!("Bearer {}", token(&[]));
    let request = request("POST", "/", &[("Authorization", &header), ("Sec-Fetch-Site", "cross-site")]);
    assert_eq!(code(&manager(), &request), "admitted");
}

#[test]
fn a_refresh_cookie_is_guarded_like_an_access_cookie() {
    let cookie = format!("refresh_token_cookie={}", token(&[("type", "\"refresh\"")]));
    let refresh = |headers: &[(&str, &str)]| {
        let headers = [&[("Cookie", cookie.as_str())], headers].concat();
        check(&jwt(), &request("POST", "/", &headers), &Requirement::refresh()).map_err(|refusal| refusal.code())
    };
    assert_eq!(refresh(&[]).unwrap_err(), "csrf_missing");
    assert_eq!(refresh(&[("X-CSRF-TOKEN", "wrong")]).unwrap_err(), "csrf_mismatch");
    assert!(refresh(&[("X-CSRF-TOKEN", "a value")]).is_ok());
}

#[test]
fn a_new_login_makes_a_new_value_for_each_token() {
    let jwt = builder().entropy(SystemEntropy).build().unwrap();
    let pairs = [wait(jwt.login("alice")).unwrap(), wait(jwt.login("alice")).unwrap()];
    let tokens = pairs.iter().flat_map(|pair| [pair.access.as_str(), pair.refresh.as_deref().unwrap()]);
    let mut values: Vec<_> = tokens.map(|token| jwt.decode_token(token).unwrap().csrf().unwrap().to_owned()).collect();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 4);
    assert!(values.iter().all(|value| value.len() == 36));
}

#[test]
fn a_login_replaces_every_earlier_cookie() {
    let jwt = builder()
        .token_location([Location::Cookie])
        .cookie_domain("example.com")
        .access_cookie_path("/api")
        .refresh_csrf_cookie_path("/auth")
        .build()
        .unwrap();
    let identity = |line: &http::HeaderValue| {
        let line = line.to_str().unwrap().to_owned();
        let attribute = |name: &str| line.split("; ").find(|part| part.starts_with(name)).map(str::to_owned);
        (line.split('=').next().unwrap().to_owned(), attribute("Path="), attribute("Domain="))
    };
    let set: Vec<_> =
        jwt.set_cookies(&wait(jwt.login("alice")).unwrap()).unwrap().lines().iter().map(identity).collect();
    let cleared: Vec<_> = jwt.unset_cookies().lines().iter().map(identity).collect();
    assert_eq!(set.len(), 8, "each cookie, and the one of the host alone");
    let both = |mut lines: Vec<_>| {
        lines.sort();
        lines
    };
    assert_eq!(both(set), both(cleared));
}

#[test]
fn only_the_token_cookies_are_http_only() {
    let cookies = jwt().set_cookies(&wait(jwt().login("alice")).unwrap()).unwrap();
    let flags: Vec<_> = cookies.lines().iter().map(|line| line.to_str().unwrap().contains("; HttpOnly")).collect();
    assert_eq!(flags, [true, false, true, false]);
}

#[test]
fn a_forged_request_with_an_expired_cookie_gets_csrf_mismatch() {
    let cookie = format!("access_token_cookie={}", token(&[("exp", "1")]));
    let post = |value: &str| request("POST", "/", &[("Cookie", &cookie), ("X-CSRF-TOKEN", value)]);
    assert_eq!(code(&jwt(), &post("wrong")), "csrf_mismatch");
    assert_eq!(code(&jwt(), &post("a value")), "token_expired");
}

#[test]
fn a_multipart_form_is_told_to_use_the_header() {
    let jwt = builder().token_location([Location::Cookie]).csrf_check_form(Switch::On).build().unwrap();
    let sent = |content_type: &str| with_cookie("POST", &[("Content-Type", content_type)]);
    let message = |content_type: &str| {
        let request = sent(content_type);
        refusal(&jwt, &(&request, &b""[..]), &Requirement::access()).message()
    };
    let expected = "Missing CSRF token. Send it in the header x-csrf-token: a multipart body is not searched";
    assert_eq!(message("multipart/form-data; boundary=x"), expected);
    assert_eq!(message("text/plain"), "Missing CSRF token");
}

#[test]
fn a_multipart_form_is_not_mentioned_where_none_is_searched() {
    let request = with_cookie("POST", &[("Content-Type", "multipart/form-data; boundary=x")]);
    let refused = refusal(&jwt(), &(&request, &b""[..]), &Requirement::access());
    assert_eq!(refused.message(), "Missing CSRF token");
}
