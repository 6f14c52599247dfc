//! `/sessions`: the list of a user's sessions, and ending them.

use std::{sync::Arc, time::Duration};

use jwt_extended_axum::jwt_extended::{Clock as _, ManualClock, SystemClock};
use serde_json::{Value, json};

use crate::support::{app::*, member};

/// Logs in from a device, and returns the `Authorization` value of the access token.
async fn from(app: &TestApp, device: &str) -> String {
    let login = app.post("/token", &[JSON, ("user-agent", device)], CREDENTIALS).await;
    format!("Bearer {}", member(&login.body, "access_token"))
}

async fn listed(app: &TestApp, bearer: &str) -> Vec<Value> {
    let answer = app.get("/sessions", &[("authorization", bearer)]).await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"), "{answer:?}");
    serde_json::from_str::<Value>(&answer.body).unwrap()["sessions"].as_array().unwrap().clone()
}

async fn is_logged_in(app: &TestApp, bearer: &str) -> bool {
    app.get("/protected", &[("authorization", bearer)]).await.status == 200
}

#[tokio::test]
async fn sessions_are_listed_with_device_and_times() {
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let app = app_with(builder().clock(Arc::clone(&clock)));
    let second = Duration::from_secs(1);
    let start = clock.now().as_secs();
    let phone = from(&app, "Phone/1.0").await;
    clock.advance(second);
    let laptop = from(&app, "Laptop \"2\"").await;
    clock.advance(second);
    let list = listed(&app, &phone).await;
    let text = |session: &Value, name: &str| session[name].as_str().unwrap().to_owned();
    let labels: Vec<_> = list.iter().map(|session| (text(session, "label"), session["current"] == true)).collect();
    assert_eq!(labels, [("Laptop \"2\"".to_owned(), false), ("Phone/1.0".to_owned(), true)]);
    let times: Vec<_> = list.iter().map(|session| (&session["opened"], &session["last_used"])).collect();
    // The current session counts as used now, by this request.
    assert_eq!(times, [(&json!(start + 1), &json!(start + 1)), (&json!(start), &json!(start + 2))]);
    for session in &list {
        assert!(session["ends"].as_u64().unwrap() > start + 2, "{session}");
        assert_eq!(text(session, "id").len(), 36);
    }
    assert_eq!(listed(&app, &laptop).await.len(), 2);
    assert_eq!(app.get("/sessions", &[]).await.status, 401);
}

#[tokio::test]
async fn a_login_in_the_same_browser_replaces_its_session() {
    let app = app();
    let browser = app.browser().await;
    let (cookies, elsewhere) = (browser.cookies(), from(&app, "Phone").await);
    for _ in 0..2 {
        assert_eq!(app.post("/login", &[JSON, ("cookie", &cookies)], CREDENTIALS).await.status, 200);
    }
    let list = listed(&app, &elsewhere).await;
    assert_eq!(list.len(), 3, "the second login had the cookies of a session that was over: {list:?}");
    assert_eq!(app.get("/protected", &[("cookie", &cookies)]).await.status, 401);
}

#[tokio::test]
async fn users_see_only_their_own_sessions() {
    let app = app();
    from(&app, "Phone").await;
    let other = app.post("/token", &[JSON], r#"{"username": "admin", "password": "adminpass"}"#).await;
    let admin = format!("Bearer {}", member(&other.body, "access_token"));
    let list = listed(&app, &admin).await;
    assert_eq!((list.len(), &list[0]["label"]), (1, &Value::Null));
}

#[tokio::test]
async fn a_user_can_end_one_of_their_own_sessions() {
    let app = app();
    let (phone, laptop) = (from(&app, "Phone").await, from(&app, "Laptop").await);
    let other = app.post("/token", &[JSON], r#"{"username": "admin", "password": "adminpass"}"#).await;
    let admin = format!("Bearer {}", member(&other.body, "access_token"));
    let of_phone = listed(&app, &phone).await[1]["id"].as_str().unwrap().to_owned();
    let path = format!("/sessions/{of_phone}");
    let end = async |bearer: &str| app.send("DELETE", &path, &[("authorization", bearer)], b"").await;
    end(&admin).await.says(404, "You have no such session");
    assert!(is_logged_in(&app, &phone).await);
    end(&laptop).await.is(200, r#"{"ended":1}"#);
    assert!(!is_logged_in(&app, &phone).await && is_logged_in(&app, &laptop).await);
    end(&laptop).await.says(404, "You have no such session");
    for name in ["", "%00", "%ff", "..%2f..", "'%20OR%201=1", &"x".repeat(5000)] {
        let answer = app.send("DELETE", &format!("/sessions/{name}"), &[("authorization", &laptop)], b"").await;
        assert_eq!(answer.status, 404, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn a_user_can_end_all_other_sessions_or_all() {
    let app = app();
    let (phone, laptop) = (from(&app, "Phone").await, from(&app, "Laptop").await);
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let headers = [("cookie", cookies.as_str()), ("x-csrf-token", &browser.access_csrf)];
    app.send("DELETE", "/sessions?keep=current", &headers[..1], b"").await.says(401, "Missing CSRF token");
    let others = app.send("DELETE", "/sessions?keep=current", &headers, b"").await;
    others.is(200, r#"{"ended":2}"#);
    assert_eq!(others.all("set-cookie"), [""; 0]);
    assert!(!is_logged_in(&app, &phone).await && !is_logged_in(&app, &laptop).await);
    let answer = app.send("DELETE", "/sessions?keep=curent", &headers, b"").await;
    answer.says(400, "The only parameter is keep=current; without it, all sessions end");
    let phone = from(&app, "Phone").await;
    let all = app.send("DELETE", "/sessions", &headers, b"").await;
    all.is(200, r#"{"ended":2}"#);
    assert_eq!(all.cookie("access_token_cookie"), "");
    assert!(!is_logged_in(&app, &phone).await);
    assert_eq!(app.get("/protected", &[("cookie", &cookies)]).await.status, 401);
    let again = from(&app, "Phone").await;
    assert!(is_logged_in(&app, &again).await, "a later login is valid");
}

#[tokio::test]
async fn ending_the_own_session_clears_its_cookies() {
    let app = app();
    let browser = app.browser().await;
    let cookies = browser.cookies();
    let session = app.jwt.decode_token(&browser.access).unwrap().session().unwrap().to_owned();
    let headers = [("cookie", cookies.as_str()), ("x-csrf-token", &browser.access_csrf)];
    let ended = app.send("DELETE", &format!("/sessions/{session}"), &headers, b"").await;
    ended.is(200, r#"{"ended":1}"#);
    assert_eq!((ended.cookie("access_token_cookie"), ended.cookie("refresh_token_cookie")), Default::default());
}
