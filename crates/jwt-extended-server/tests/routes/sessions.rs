//! `/sessions`: what a user sees of where they are logged in, and what they can end.

use serde_json::Value;

use crate::support::{app::*, member};

/// Logs in from a device, for tokens.
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
async fn a_user_s_sessions_are_listed_with_their_devices_and_the_current_one_is_marked() {
    let app = app();
    let (phone, laptop) = (from(&app, "Phone/1.0").await, from(&app, "Laptop \"2\"").await);
    let other = app.post("/token", &[JSON], r#"{"username": "admin", "password": "adminpass"}"#).await;
    let list = listed(&app, &phone).await;
    let shown: Vec<_> = list.iter().map(|one| (one["label"].as_str().unwrap(), one["current"] == true)).collect();
    assert_eq!(shown, [("Laptop \"2\"", false), ("Phone/1.0", true)]);
    for one in &list {
        let (opened, last_used) = (one["opened"].as_u64().unwrap(), one["last_used"].as_u64().unwrap());
        assert!(opened > 1_700_000_000 && opened == last_used && one["ends"].as_u64().unwrap() > opened, "{one}");
        assert_eq!(one["id"].as_str().unwrap().len(), 36);
    }
    let admin = format!("Bearer {}", member(&other.body, "access_token"));
    assert_eq!(listed(&app, &admin).await[0]["label"], Value::Null);
    assert_eq!(listed(&app, &laptop).await.len(), 2);
    assert_eq!(app.get("/sessions", &[]).await.status, 401);
}

#[tokio::test]
async fn one_session_is_ended_by_its_name_and_another_user_s_is_not_found() {
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
    for name in ["", "%00", "..%2f..", "'%20OR%201=1", &"x".repeat(5000)] {
        let answer = app.send("DELETE", &format!("/sessions/{name}"), &[("authorization", &laptop)], b"").await;
        assert_eq!(answer.status, 404, "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn all_others_or_all_are_ended_and_a_browser_s_cookies_go_with_its_session() {
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
    assert!(is_logged_in(&app, &again).await, "a login from now on is good");
}
