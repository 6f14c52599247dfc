//! Line 23: cookies that browsers would drop, or that another site could set, are errors rather than silent failures.

use jwt_extended::{
    CookieError, JwtManager, JwtManagerBuilder, Requirement,
    config::Switch,
    http::{Location, SameSite},
};
use serde_json::json;

use crate::common::*;

fn cookies() -> JwtManagerBuilder {
    builder().token_location([Location::Cookie])
}

fn mistakes(builder: JwtManagerBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn a_host_cookie_demands_secure_the_root_path_and_no_domain() {
    let host = || cookies().access_cookie_name("__Host-access");
    assert!(host().build().is_ok());
    let expected =
        "access_cookie_name begins with __Host-: set cookie_secure, leave out cookie_domain, and use the path /";
    assert_eq!(mistakes(host().cookie_secure(Switch::Off)), expected);
    assert_eq!(mistakes(host().cookie_domain("example.com".to_owned())), expected);
    assert_eq!(mistakes(host().access_cookie_path("/api")), expected);
    let other_case = cookies().access_cookie_name("__hOST-access").access_cookie_path("/api");
    assert_eq!(mistakes(other_case), expected, "browsers compare prefixes without case");
}

#[test]
fn each_of_the_four_cookies_must_honour_its_prefix() {
    let off = || cookies().cookie_secure(Switch::Off);
    for (builder, option) in [
        (off().access_cookie_name("__Host-x"), "access_cookie_name"),
        (off().refresh_cookie_name("__Host-x"), "refresh_cookie_name"),
        (off().access_csrf_cookie_name("__Host-x"), "access_csrf_cookie_name"),
        (off().refresh_csrf_cookie_name("__Host-x"), "refresh_csrf_cookie_name"),
        (off().access_cookie_name("__Secure-x"), "access_cookie_name"),
        (off().refresh_csrf_cookie_name("__secure-x"), "refresh_csrf_cookie_name"),
    ] {
        let mistake = mistakes(builder);
        assert!(mistake.starts_with(&format!("{option} begins with __")), "{mistake}");
    }
}

#[test]
fn same_site_none_and_partitioned_demand_secure() {
    let off = || cookies().cookie_secure(Switch::Off);
    assert_eq!(mistakes(off().cookie_samesite(SameSite::None)), "cookie_samesite None needs cookie_secure");
    assert_eq!(mistakes(off().cookie_partitioned(Switch::On)), "cookie_partitioned needs cookie_secure");
    assert!(cookies().cookie_samesite(SameSite::None).cookie_partitioned(Switch::On).build().is_ok());
}

#[test]
fn cookies_are_secure_http_only_and_lax_by_default() {
    let jwt = cookies().entropy(entropy).build().unwrap();
    let text = jwt.create_access_token("alice").unwrap();
    let set = jwt.cookies().set_access(&text).unwrap();
    let expected = [
        format!("access_token_cookie={text}; Secure; HttpOnly; Path=/; SameSite=Lax"),
        format!("csrf_access_token={CSRF}; Secure; Path=/; SameSite=Lax"),
    ];
    assert_eq!(set.lines(), expected);
}

fn jwt_with_room() -> JwtManager {
    cookies().build().unwrap()
}

#[test]
fn a_cookie_over_4096_octets_is_an_error_when_it_is_set() {
    let filling = json!({ "filling": "x".repeat(2500) });
    let text = manager().access_token("alice").additional_claims(&filling).create().unwrap();
    let rest = "access_token_cookie=; Secure; HttpOnly; Path=; SameSite=Lax".len();
    let set = |length: usize| {
        let path = format!("/{}", "p".repeat(length - text.len() - rest - 1));
        cookies().access_cookie_path(path).build().unwrap().cookies().set_access(&text)
    };
    assert_eq!(set(4096).unwrap().lines()[0].len(), 4096);
    for length in [4097, 5000] {
        let name = "access_token_cookie".to_owned();
        assert_eq!(set(length), Err(CookieError::TooLong { name, length }));
    }
}

#[test]
fn only_an_acceptable_token_becomes_a_cookie() {
    let jwt = jwt_with_room();
    for text in ["", "garbage", &token(&[("exp", "1")]), "x; Domain=evil.example", "x\r\nSet-Cookie: y=z"] {
        assert!(matches!(jwt.cookies().set_access(text), Err(CookieError::Token(_))), "{text}");
    }
}

#[test]
fn two_good_cookies_of_one_name_are_rejected() {
    let (one, two) = (token(&[]), token(&[("jti", "\"another\"")]));
    for cookie in [
        format!("access_token_cookie={one}; access_token_cookie={two}"),
        format!("access_token_cookie=x; access_token_cookie={one}; access_token_cookie={two}"),
        format!("access_token_cookie={one};access_token_cookie =x; access_token_cookie={two}"),
        "access_token_cookie=a; access_token_cookie=b; access_token_cookie=c; access_token_cookie=d; \
         access_token_cookie=e"
            .to_owned(),
    ] {
        let refusal = refusal(&jwt_with_room(), &get(&[("Cookie", &cookie)]), &Requirement::access());
        assert_eq!((refusal.status().as_u16(), refusal.code()), (400, "request_malformed"), "{cookie}");
        assert_eq!(
            refusal.message(),
            "More than one cookie \"access_token_cookie\". Clear the site's cookies and log in again"
        );
    }
    let (one, two) = (format!("access_token_cookie={one}"), format!("access_token_cookie={two}"));
    let lines = get(&[("Cookie", &one), ("Cookie", &two)]);
    assert_eq!(refusal(&jwt_with_room(), &lines, &Requirement::access()).code(), "request_malformed");
}

#[test]
fn among_cookies_of_one_name_the_one_that_verifies_counts() {
    let (good, expired) = (token(&[]), token(&[("exp", "1")]));
    for cookie in [
        format!("access_token_cookie={good}; access_token_cookie={good}"),
        format!("access_token_cookie=; access_token_cookie={good}"),
        format!("access_token_cookie={good};access_token_cookie =x"),
        format!("access_token_cookie={expired}; access_token_cookie={good}"),
        format!("access_token_cookie=\"{good}\"; access_token_cookie={expired}; access_token_cookie=x"),
    ] {
        let request = get(&[("Cookie", &cookie)]);
        assert!(check(&jwt_with_room(), &request, &Requirement::access()).is_ok(), "{cookie}");
    }
    let bytes = [b"access_token_cookie=\xff; access_token_cookie=", good.as_bytes()].concat();
    let mut request = get(&[]);
    request.headers.insert("cookie", http::HeaderValue::from_bytes(&bytes).unwrap());
    assert!(check(&jwt_with_room(), &request, &Requirement::access()).is_ok());
}

#[test]
fn cookies_of_former_domains_are_cleared_too() {
    let jwt = cookies().cookie_domain("example.com").former_cookie_domains(["old.example.com"]).build().unwrap();
    let lines = |cookies: &jwt_extended::http::SetCookies| {
        let domain = |line: &http::HeaderValue| {
            let line = line.to_str().unwrap().to_owned();
            let domain = line.split("; ").find_map(|part| part.strip_prefix("Domain=")).map(str::to_owned);
            (line.split('=').next().unwrap().to_owned(), domain, line.contains("01 Jan 1970"))
        };
        cookies.lines().iter().map(domain).collect::<Vec<_>>()
    };
    let token = jwt.create_access_token("alice").unwrap();
    let set = lines(&jwt.cookies().set_access(&token).unwrap());
    let of = |domain: Option<&str>, cleared: bool| {
        ["access_token_cookie", "csrf_access_token"].map(|name| (name.to_owned(), domain.map(str::to_owned), cleared))
    };
    let [host, old, new] = [of(None, true), of(Some("old.example.com"), true), of(Some("example.com"), false)];
    assert_eq!(set, [host.clone(), old.clone(), new].concat(), "the new cookies come last");
    let cleared = lines(&jwt.cookies().unset_access());
    assert_eq!(cleared, [of(Some("example.com"), true), host, old].concat());
}

#[test]
fn a_cookie_is_found_by_its_whole_name() {
    let text = token(&[]);
    for cookie in [
        format!("a=b; access_token_cookie={text}; c=d"),
        format!("access_token_cookie={text};"),
        format!("xaccess_token_cookie=x; access_token_cookie={text}; access_token_cookiex=x; ACCESS_TOKEN_COOKIE=x"),
        format!("novalue; access_token_cookie={text}"),
    ] {
        assert!(check(&jwt_with_room(), &get(&[("Cookie", &cookie)]), &Requirement::access()).is_ok(), "{cookie}");
    }
    for cookie in ["access_token_cookie", "access_token_cookie=", "Access_Token_Cookie=x", ""] {
        let refusal = refusal(&jwt_with_room(), &get(&[("Cookie", cookie)]), &Requirement::access());
        assert_eq!(refusal.message(), "Missing cookie \"access_token_cookie\"", "{cookie}");
    }
}

#[test]
fn names_paths_and_domains_cannot_inject_attributes() {
    for name in ["", "a b", "a;b", "a=b", "a\r\nb", "é", "a,b"] {
        let mistake = mistakes(cookies().access_cookie_name(name));
        assert!(mistake.starts_with("access_cookie_name must be a cookie's name"), "{name}: {mistake}");
    }
    for path in ["", "api", "/a;b", "/a b", "/é", "/\r\n", "/\0"] {
        let mistake = mistakes(cookies().refresh_cookie_path(path));
        assert!(mistake.starts_with("refresh_cookie_path must begin with /"), "{path}: {mistake}");
    }
    for domain in ["", "a b", "a;b", "a\r\nb", "é", "a/b", "https://a"] {
        let mistake = mistakes(cookies().cookie_domain(domain.to_owned()));
        assert!(mistake.starts_with("cookie_domain must be a host's name"), "{domain}: {mistake}");
    }
}

#[test]
fn the_four_cookies_have_four_names() {
    let mistake = mistakes(cookies().refresh_cookie_name("csrf_access_token"));
    assert_eq!(mistake, "access_csrf_cookie_name and refresh_cookie_name must differ");
}

#[test]
fn a_cookie_has_the_attributes_that_are_configured() {
    let line = |builder: JwtManagerBuilder| {
        let jwt = builder.csrf_in_cookies(Switch::Off).build().unwrap();
        let lines = jwt.unset_cookies();
        assert_eq!(lines.lines().len(), 2, "no CSRF cookies");
        lines.lines()[0].to_str().unwrap().to_owned()
    };
    assert!(line(cookies().cookie_samesite(SameSite::Strict)).contains("; SameSite=Strict"));
    assert!(line(cookies().cookie_samesite(SameSite::None)).contains("; SameSite=None"));
    assert!(!line(cookies().cookie_samesite(SameSite::Unset)).contains("SameSite"));
    assert!(line(cookies().cookie_partitioned(Switch::On)).ends_with("; Partitioned"));
}

#[test]
fn a_pair_without_a_refresh_token_sets_no_refresh_cookie() {
    let jwt = cookies().build().unwrap();
    let refresh = jwt.decode_token(&jwt.create_refresh_token("alice").unwrap()).unwrap();
    let pair = wait(jwt.refresh(&refresh)).unwrap();
    assert_eq!((pair.refresh.is_none(), jwt.set_cookies(&pair).unwrap().lines().len()), (true, 2));
    let alone = cookies().csrf_in_cookies(Switch::Off).build().unwrap();
    assert_eq!(alone.set_cookies(&pair).unwrap().lines().len(), 1);
}
