//! The pages for people, as far as that can be told without a browser: forms, errors in words, headers, languages.

use std::sync::Arc;

use jwt_extended_axum::jwt_extended::{ManualClock, Timestamp};

use crate::support::app::*;

/// A form with these fields.
fn form(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let byte =
            |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") };
        text.bytes().map(byte).collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

const GOOD: &[(&str, &str)] = &[("username", "testuser"), ("password", "testpass")];

impl TestApp {
    async fn log_in_by_form(&self, path: &str, headers: Headers<'_>, fields: &[(&str, &str)]) -> Answer {
        self.post(path, &[&[FORM], headers].concat(), &form(fields)).await
    }

    async fn account(&self, browser: &Browser) -> Answer {
        self.get("/account", &[("cookie", &browser.cookies())]).await
    }
}

fn app() -> TestApp {
    app_with_pages("")
}

impl Answer {
    #[track_caller]
    fn shows(&self, status: u16, text: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "text/html; charset=utf-8");
        assert!(self.body.contains(text), "{}", self.body);
    }

    #[track_caller]
    fn leads_to(&self, address: &str) {
        assert_eq!((self.status, self.header("location")), (303, address), "{self:?}");
    }
}

#[tokio::test]
async fn a_login_leads_to_the_account() {
    let app = app();
    app.get("/", &[]).await.shows(200, "<form class=\"fields\" method=\"post\" action=\"./\">");
    let login = app.log_in_by_form("/", &[], GOOD).await;
    login.leads_to("./account?note=welcome");
    let cookies = format!("access_token_cookie={}", login.cookie("access_token_cookie"));
    app.get("/account?note=welcome", &[("cookie", &cookies)]).await.leads_to("./account");
    app.get("/account", &[("cookie", &cookies)]).await.shows(200, "Logged in as testuser");
    app.get("/", &[("cookie", &cookies)]).await.leads_to("./account");
}

#[tokio::test]
async fn a_browser_without_the_cookies_is_told_so() {
    app().get("/account?note=welcome", &[]).await.shows(401, "Your browser has not kept the cookies");
}

#[tokio::test]
async fn a_login_returns_only_to_named_origins() {
    let app = app();
    let page = app.get("/?return_to=https://app.example/orders%3Fa=b", &[]).await;
    page.shows(200, "action=\"./?return_to=https%3A%2F%2Fapp.example%2Forders%3Fa%3Db\"");
    assert!(page.body.contains("Log in to continue to app.example."));
    let login = app.log_in_by_form("/?return_to=https://app.example/orders%3Fa=b", &[], GOOD).await;
    login.leads_to("https://app.example/orders?a=b");
    assert!(page.header("content-security-policy").contains("form-action 'self' https://app.example;"));
    for other in ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/account"] {
        let query = form(&[("return_to", other)]);
        app.log_in_by_form(&format!("/?{query}"), &[], GOOD).await.leads_to("./account?note=welcome");
        let page = app.get(&format!("/?{query}"), &[]).await;
        assert!(!page.body.contains("evil") && !page.body.contains("javascript"), "{}", page.body);
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_in_words_and_kept_out() {
    let app = app();
    let fields = [("username", "<testuser>\""), ("password", "a wrong one")];
    let answer = app.log_in_by_form("/?return_to=https://app.example/", &[], &fields).await;
    answer.shows(401, "The username or the password is wrong.");
    assert!(answer.body.contains("value=\"&#60;testuser&#62;&#34;\""), "{}", answer.body);
    assert!(answer.body.contains("return_to=https%3A%2F%2Fapp.example%2F"), "it still knows where to go");
    assert!(!answer.body.contains("a wrong one") && answer.all("set-cookie").is_empty());
    assert_eq!(answer.header("www-authenticate"), "");
}

#[tokio::test]
async fn a_locked_account_says_how_long_to_wait() {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
    let app = app_with_pages_of(builder().clock(clock), "");
    for _ in 0..10 {
        app.log_in_by_form("/", &[], &[("username", "testuser"), ("password", "wrong")]).await;
    }
    let answer = app.log_in_by_form("/", &[], GOOD).await;
    answer.shows(429, "Too many attempts. Try again in 1 second.");
    assert_eq!(answer.header("retry-after"), "1");
    assert!(answer.body.contains("data-wait=\"1\""), "{answer:?}");
}

#[tokio::test]
async fn a_malformed_form_is_told_in_words() {
    let app = app();
    for body in ["", "username=testuser", "username=testuser&password=%ff&password=x"] {
        app.post("/", &[FORM], body).await.shows(400, "The form did not arrive completely.");
    }
    app.post("/", &[FORM], &"x".repeat(70_000)).await.shows(413, "The form is too long.");
    app.send("PUT", "/account", &[], b"").await.shows(405, "There is no page at this address.");
}

#[tokio::test]
async fn no_other_page_logs_a_visitor_in() {
    let app = app();
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("host", "login.example")],
        &[("origin", "null"), ("host", "login.example")],
    ] {
        let answer = app.log_in_by_form("/", headers, GOOD).await;
        answer.shows(401, "Another website sent you here, so nothing has changed.");
        assert!(answer.all("set-cookie").is_empty());
    }
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", "https://named.example")],
    ] {
        assert_eq!(app.log_in_by_form("/", headers, GOOD).await.status, 303, "{headers:?}");
    }
}

#[tokio::test]
async fn a_sibling_subdomain_is_refused_where_cookies_are() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let call = async |site: &str, path: &str| {
        let headers = [("cookie", &*cookies), ("x-csrf-token", &browser.access_csrf), ("sec-fetch-site", site)];
        app.post(path, &headers, "").await.status
    };
    assert_eq!(call("same-site", "/transfer").await, 401);
    assert_eq!(call("same-site", "/logout").await, 401);
    let login = app.post("/login", &[JSON, ("sec-fetch-site", "same-site")], CREDENTIALS).await;
    assert_eq!(login.status, 401, "{login:?}");
    assert_eq!(call("same-origin", "/transfer").await, 200);
}

#[tokio::test]
async fn a_form_needs_the_csrf_value() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let page = app.account(&browser).await;
    assert!(page.body.contains(&format!("name=\"csrf_token\" value=\"{}\"", browser.access_csrf)));
    for path in ["sessions/end", "sessions/end-others", "password", "logout"] {
        for fields in [&[][..], &[("csrf_token", "another")], &[("csrf_token", &*browser.refresh_csrf)]] {
            let fields =
                [fields, &[("session", "x"), ("password", "testpass"), ("new_password", "quiet-lynx-77")]].concat();
            let path = format!("/account/{path}");
            let answer = app.post(&path, &[FORM, ("cookie", &cookies)], &form(&fields)).await;
            // A refresh value logs out, as its token could.
            if !(path.ends_with("logout") && fields[0].1 == browser.refresh_csrf) {
                let root = "../".repeat(path.matches('/').count() - 1);
                answer.leads_to(&format!("{root}account?note=late"));
                app.account(&browser).await.shows(200, "Logged in as testuser");
            }
        }
    }
}

#[tokio::test]
async fn a_person_ends_another_session_and_all_others() {
    let app = app();
    let (browser, other, third) = (app.browser().await, app.browser().await, app.browser().await);
    let page = app.account(&browser).await;
    page.shows(200, "Where you are logged in");
    assert_eq!(page.body.matches("This device").count(), 1);
    assert_eq!(page.body.matches("name=\"session\"").count(), 2);
    let (_, id) = page.body.split_once("name=\"session\" value=\"").unwrap();
    let id = id.split('"').next().unwrap();
    let (cookies, csrf) = (browser.cookies(), ("csrf_token", &*browser.access_csrf));
    let headers = [FORM, ("cookie", &*cookies)];
    let end = app.post("/account/sessions/end", &headers, &form(&[csrf, ("session", id)])).await;
    end.leads_to("../../account?note=session-ended");
    let again = app.post("/account/sessions/end", &headers, &form(&[csrf, ("session", id)])).await;
    again.leads_to("../../account?note=no-such-session");
    let others = app.post("/account/sessions/end-others", &headers, &form(&[csrf])).await;
    others.leads_to("../../account?note=others-ended");
    for ended in [other, third] {
        app.account(&ended).await.shows(401, "Your session has ended. Please log in again.");
    }
    app.get("/account?note=others-ended", &headers).await.shows(200, "All other devices are logged out.");
}

#[tokio::test]
async fn a_person_who_ends_this_session_is_logged_out() {
    let app = app();
    let browser = app.browser().await;
    let session = app.jwt.decode_token(&browser.access).unwrap().session().unwrap().to_owned();
    let fields = form(&[("csrf_token", &browser.access_csrf), ("session", &session)]);
    let cookies = browser.cookies();
    let ended = app.post("/account/sessions/end", &[FORM, ("cookie", &cookies)], &fields).await;
    ended.leads_to("../../?note=logged-out");
    assert_eq!(ended.cookie("access_token_cookie"), "");
}

#[tokio::test]
async fn a_form_without_its_fields_changes_nothing() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    for path in ["/account/sessions/end", "/account/password"] {
        let answer =
            app.post(path, &[FORM, ("cookie", &cookies)], &form(&[("csrf_token", &browser.access_csrf)])).await;
        assert_eq!(answer.status, 400, "{path}: {answer:?}");
    }
    app.account(&browser).await.shows(200, "Logged in as testuser");
}

#[tokio::test]
async fn a_logout_ends_the_session_and_clears_the_cache() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let fields = form(&[("csrf_token", &browser.access_csrf)]);
    let logout = app.post("/account/logout", &[FORM, ("cookie", &cookies)], &fields).await;
    logout.leads_to("../?note=logged-out");
    assert_eq!(logout.header("clear-site-data"), "\"cache\"");
    assert_eq!(logout.cookie("access_token_cookie"), "");
    app.get("/?note=logged-out", &[]).await.shows(200, "You are logged out.");
    app.account(&browser).await.shows(401, "Your session has ended.");
    app.post("/account/logout", &[FORM], "").await.leads_to("../?note=logged-out");
}

#[tokio::test]
async fn an_expired_page_is_renewed_by_the_refresh_cookie() {
    let app = app();
    let browser = app.browser().await;
    let page = app.get("/account", &[("cookie", &browser.refresh_cookie())]).await;
    page.shows(200, "Logged in as testuser");
    let csrf = page.cookie("csrf_access_token");
    assert!(page.body.contains(&format!("value=\"{csrf}\"")), "the forms have the new value");
    let back = app.get("/?return_to=https://app.example/a", &[("cookie", &browser.refresh_cookie())]).await;
    back.leads_to("https://app.example/a");
}

#[tokio::test]
async fn a_form_without_the_access_cookie_changes_nothing() {
    let app = app();
    let browser = app.browser().await;
    let refresh = browser.refresh_cookie();
    let form = form(&[("csrf_token", &browser.access_csrf)]);
    let answer = app.post("/account/sessions/end-others", &[FORM, ("cookie", &refresh)], &form).await;
    answer.leads_to("../../account?note=late");
    let page = app.get("/account?note=late", &[("cookie", &refresh)]).await;
    page.shows(200, "The page was open for too long, so nothing has changed.");
    app.get("/account?note=late", &[]).await.shows(401, "Your session has ended. Please log in again.");
}

#[tokio::test]
async fn somebody_who_is_logged_in_confirms_the_password() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let page = app.get("/?return_to=https://app.example/payments", &[("cookie", &cookies)]).await;
    page.shows(200, "Confirm that it is you");
    assert!(page.body.contains("value=\"testuser\"") && page.body.contains("readonly"), "{}", page.body);
    let path = "/?return_to=https://app.example/payments";
    app.log_in_by_form(path, &[("cookie", &cookies)], GOOD).await.leads_to("https://app.example/payments");
    app.account(&browser).await.shows(401, "Your session has ended.");
}

#[tokio::test]
async fn a_listed_user_is_told_who_changes_the_password() {
    let app = app();
    let browser = app.browser().await;
    let page = app.account(&browser).await;
    page.shows(200, "Your password is in the server&#39;s configuration");
    let fields = [("csrf_token", &*browser.access_csrf), ("password", "testpass"), ("new_password", "quiet-lynx-77")];
    let cookies = browser.cookies();
    let answer = app.post("/account/password", &[FORM, ("cookie", &cookies)], &form(&fields)).await;
    answer.shows(403, "Your password is in the server&#39;s configuration");
}

#[tokio::test]
async fn a_page_has_strict_headers_and_is_not_stored() {
    let app = app();
    let browser = app.browser().await;
    for page in [app.get("/", &[]).await, app.account(&browser).await, app.get("/account", &[]).await] {
        let policy = page.header("content-security-policy");
        for rule in [
            "default-src 'none'",
            "script-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        ] {
            assert!(policy.split("; ").any(|part| part == rule), "{rule}: {policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("cross-origin-opener-policy"), "same-origin");
        assert!(page.all("vary").contains(&"Accept-Language"), "{page:?}");
        for inline in ["<style", "style=", "onclick", "javascript:", "http://", "https://"] {
            assert!(!page.body.contains(inline), "{inline}: {}", page.body);
        }
    }
}

#[tokio::test]
async fn a_page_is_in_the_language_of_the_browser_or_a_fixed_one() {
    let german = [("accept-language", "de-AT, en;q=0.5")];
    app().get("/", &german).await.shows(200, "<html lang=\"de\"");
    app().get("/", &german).await.shows(200, ">Anmelden</button>");
    let fixed = app_with_pages("language = \"en\"\n[texts.en]\nlog_in = \"Sign in\"");
    let page = fixed.get("/", &german).await;
    page.shows(200, ">Sign in</button>");
    assert!(!page.all("vary").contains(&"Accept-Language"));
}

#[tokio::test]
async fn a_title_and_a_colour_can_be_set() {
    let app = app_with_pages("title = \"Bread & Butter\"\naccent = \"#0d6e66\"");
    let page = app.get("/", &[]).await;
    page.shows(200, "<title>Log in – Bread &#38; Butter</title>");
    let (_, style) = page.body.split_once("rel=\"stylesheet\" href=\".").unwrap();
    let style = app.get(style.split('"').next().unwrap(), &[]).await;
    assert_eq!((style.status, style.header("content-type")), (200, "text/css; charset=utf-8"));
    assert!(style.body.contains("--accent: #0d6e66"));
}

#[tokio::test]
async fn a_file_is_kept_until_it_changes() {
    let app = app();
    let page = app.get("/", &[]).await;
    let (_, script) = page.body.split_once("src=\"./assets/page.js").unwrap();
    let exact = app.get(&format!("/assets/page.js{}", script.split('"').next().unwrap()), &[]).await;
    assert_eq!(exact.header("cache-control"), "public, max-age=31536000, immutable");
    for path in ["/assets/refresh.js", "/assets/page.js?v=old"] {
        let file = app.get(path, &[]).await;
        assert_eq!((file.status, file.header("cache-control")), (200, "public, no-cache"));
        let again = app.get(path, &[("if-none-match", file.header("etag"))]).await;
        assert_eq!((again.status, &*again.body), (304, ""));
    }
    assert_eq!(app.get("/assets/nothing.js", &[]).await.status, 404);
    assert_eq!(app.get("/assets/playground.js", &[]).await.status, 404, "only the demo has it");
}

#[tokio::test]
async fn a_person_at_a_wrong_address_sees_a_page() {
    let app = app();
    let person = [("accept", "text/html"), ("sec-fetch-mode", "navigate")];
    let page = app.get("/account/nothing/here", &person).await;
    page.shows(404, "There is no page at this address.");
    assert!(page.body.contains("href=\"../../\""), "{}", page.body);
    app.get("/nothing", &[]).await.says(404, "There is nothing at this address");
    assert_eq!(app.get("/protected", &person).await.header("content-type"), "application/json", "it is for programs");
    assert_eq!(app.get("/account/logout", &person).await.header("location"), "../account");
}

#[tokio::test]
async fn there_are_no_pages_where_they_are_off() {
    let app = app_with_pages("enabled = false");
    for path in ["/", "/account", "/assets/refresh.js"] {
        app.get(path, &[("accept", "text/html")]).await.says(404, "There is nothing at this address");
    }
}

#[tokio::test]
async fn a_page_of_a_user_does_not_reveal_tokens() {
    let app = app();
    let browser = app.browser().await;
    let page = app.account(&browser).await;
    for secret in [&browser.access, &browser.refresh, &browser.refresh_csrf] {
        assert!(!page.body.contains(&**secret));
    }
}
