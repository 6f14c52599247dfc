//! Logging out, public pages for visitors with stale cookies, and WebSocket handshakes.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::ws::WebSocketUpgrade,
    response::Response,
    routing::{any, get, post},
};
use http::{Request, StatusCode, header};
use jwt_extended::{ManualClock, Timestamp, http::Location, session::MemoryStore};
use jwt_extended_axum::{Access, Cookies, JwtManager, Visitor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::face::*;

async fn page(visitor: Visitor<Access>) -> (Cookies, String) {
    (visitor.cookies, visitor.token.map_or("a stranger".to_owned(), |token| token.subject().to_owned()))
}

async fn chat(token: Access, upgrade: WebSocketUpgrade) -> Response {
    let name = token.subject().to_owned();
    upgrade.protocols(["bearer"]).on_upgrade(async move |mut socket| {
        let _ = socket.send(format!("hello {name}").into()).await;
    })
}

fn app() -> (JwtManager, Arc<ManualClock>, Router) {
    let clock = Arc::new(ManualClock::new(Timestamp::from_secs(1_800_000_000)));
    let jwt = builder()
        .token_location([Location::Header, Location::Cookie, Location::WebSocketProtocol])
        .session_store(MemoryStore::new())
        .clock(Arc::clone(&clock))
        .build()
        .unwrap();
    let app = Router::new()
        .route("/page", get(page))
        .route("/logout", any(logout))
        .route("/login", post(login))
        .route("/chat", get(chat))
        .with_state(jwt.clone());
    (jwt, clock, app)
}

#[tokio::test]
async fn an_expired_cookie_logs_out() {
    let (jwt, clock, app) = app();
    let pair = jwt.login("alice").await.unwrap();
    clock.advance(60 * MINUTE);
    let answer = send(&app, with_cookie("/logout", &pair.access)).await;
    assert_eq!((answer.status(), &**answer.body(), set_cookies(&answer).len()), (StatusCode::OK, &b"bye"[..], 4));
    assert!(jwt.sessions_of(jwt_extended::session::Subject("alice")).await.unwrap().is_empty());
    assert_eq!(send(&app, with_cookie("/logout", &pair.access)).await.status(), 200, "in the second tab");
}

#[tokio::test]
async fn a_logout_without_a_good_token_clears_the_cookies() {
    let (_, _, app) = app();
    let answer = send(&app, with_cookie("/logout", "garbage")).await;
    assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (401, 4));
}

#[tokio::test]
async fn a_visitor_with_a_stale_cookie_sees_a_public_page() {
    let (jwt, clock, app) = app();
    let pair = jwt.login("alice").await.unwrap();
    let answer = send(&app, with_cookie("/page", &pair.access)).await;
    assert_eq!((&**answer.body(), set_cookies(&answer).len()), (&b"alice"[..], 0));
    assert!(!answer.headers().contains_key(header::CACHE_CONTROL), "nothing is cleared, so it may be cached");
    clock.advance(60 * MINUTE);
    let answer = send(&app, with_cookie("/page", &pair.access)).await;
    assert_eq!(
        (&**answer.body(), set_cookies(&answer).len()),
        (&b"a stranger"[..], 2),
        "the refresh token may be good"
    );
    assert_eq!(send(&app, with_bearer("/page", &pair.access)).await.status(), 401, "the client has sent this one");
}

/// Opens a WebSocket, and returns the answer with the first frame.
async fn handshake(app: &Router, headers: &str) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(axum::serve(listener, app.clone()).into_future());
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /chat HTTP/1.1\r\nHost: app.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let done = |answer: &[u8]| {
        let text = String::from_utf8_lossy(answer);
        text.contains("hello ") || (text.contains("\r\n\r\n") && !text.starts_with("HTTP/1.1 101"))
    };
    while !done(&answer) && stream.read_buf(&mut answer).await.unwrap() > 0 {}
    server.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn a_websocket_takes_its_token_from_the_subprotocols() {
    let (jwt, _, app) = app();
    let token = jwt.create_access_token("alice").unwrap();
    let answer = handshake(&app, &format!("Sec-WebSocket-Protocol: bearer, {token}")).await;
    assert!(answer.starts_with("HTTP/1.1 101") && answer.contains("sec-websocket-protocol: bearer\r\n"), "{answer}");
    assert!(answer.ends_with("hello alice"), "{answer}");
    assert!(handshake(&app, "Sec-WebSocket-Protocol: bearer, garbage").await.starts_with("HTTP/1.1 401"));
}

#[tokio::test]
async fn a_websocket_with_cookies_needs_the_same_origin() {
    let (jwt, _, app) = app();
    let token = jwt.create_access_token("alice").unwrap();
    let from =
        async |origin: &str| handshake(&app, &format!("Cookie: access_token_cookie={token}\r\nOrigin: {origin}")).await;
    assert!(from("https://app.example").await.ends_with("hello alice"));
    let refused = from("https://evil.example").await;
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("same origin"), "{refused}");
}

#[tokio::test]
async fn a_logout_needs_the_csrf_value() {
    let (jwt, _, app) = app();
    let pair = jwt.login("alice").await.unwrap();
    let mut forged = Request::post("/logout").body(Body::empty()).unwrap();
    forged.headers_mut().insert("cookie", format!("access_token_cookie={}", pair.access).parse().unwrap());
    let answer = send(&app, forged).await;
    assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (401, 0));
    assert_eq!(jwt.sessions_of(jwt_extended::session::Subject("alice")).await.unwrap().len(), 1);
}
