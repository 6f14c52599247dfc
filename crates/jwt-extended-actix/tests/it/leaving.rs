//! Logging out, public pages for visitors with stale cookies, and WebSocket handshakes.

use std::sync::Arc;

use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, rt, test, web};
use jwt_extended::{ManualClock, http::Location, session::Subject};
use jwt_extended_actix::{Access, BodyLayer, GuardLayer, JwtManager, Requirement, Visitor, WithCookies};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::face::*;

async fn page(visitor: Visitor<Access>) -> WithCookies<String> {
    visitor.cookies.with(visitor.token.map_or("a stranger".to_owned(), |token| token.subject().to_owned()))
}

async fn chat(token: Access, request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
    let (response, mut socket, _) = actix_ws::handle_with_protocols(&request, body, &["bearer"])?;
    let name = token.subject().to_owned();
    rt::spawn(async move { socket.text(format!("hello {name}")).await });
    Ok(response)
}

fn routes(app: &mut web::ServiceConfig) {
    app.route("/page", web::get().to(page))
        .route("/logout", web::to(logout))
        .route("/login", web::post().to(login))
        .route("/chat", web::get().to(chat));
}

fn manager() -> (JwtManager, Arc<ManualClock>) {
    clocked([Location::Header, Location::Cookie, Location::WebSocketProtocol])
}

fn app(
    jwt: &JwtManager,
) -> App<
    impl actix_web::dev::ServiceFactory<
        actix_web::dev::ServiceRequest,
        Config = (),
        Response = actix_web::dev::ServiceResponse,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new().app_data(web::Data::new(jwt.clone())).configure(routes)
}

#[actix_web::test]
async fn an_expired_cookie_logs_out() {
    let (jwt, clock) = manager();
    let app = test::init_service(app(&jwt)).await;
    let pair = jwt.login("alice").await.unwrap();
    clock.advance(60 * MINUTE);
    let answer = send(&app, with_cookie("/logout", &pair.access).to_request()).await;
    assert_eq!((answer.status().as_u16(), &**answer.body(), set_cookies(&answer).len()), (200, &b"bye"[..], 4));
    assert!(jwt.sessions_of(Subject("alice")).await.unwrap().is_empty());
    let second = send(&app, with_cookie("/logout", &pair.access).to_request()).await;
    assert_eq!(second.status(), 200, "in the second tab");
}

#[actix_web::test]
async fn a_logout_without_a_good_token_clears_the_cookies() {
    let app = test::init_service(app(&manager().0)).await;
    let answer = send(&app, with_cookie("/logout", "garbage").to_request()).await;
    assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (401, 4));
}

#[actix_web::test]
async fn a_logout_needs_the_csrf_value() {
    let (jwt, _) = manager();
    let app = test::init_service(app(&jwt)).await;
    let pair = jwt.login("alice").await.unwrap();
    let forged = with_cookie("/logout", &pair.access).method(actix_web::http::Method::POST);
    let answer = send(&app, forged.to_request()).await;
    assert_eq!((answer.status().as_u16(), set_cookies(&answer).len()), (401, 0));
    assert_eq!(jwt.sessions_of(Subject("alice")).await.unwrap().len(), 1);
}

#[actix_web::test]
async fn a_visitor_with_a_stale_cookie_sees_a_public_page() {
    let (jwt, clock) = manager();
    let app = test::init_service(app(&jwt)).await;
    let pair = jwt.login("alice").await.unwrap();
    let answer = send(&app, with_cookie("/page", &pair.access).to_request()).await;
    assert_eq!((&**answer.body(), set_cookies(&answer).len()), (&b"alice"[..], 0));
    assert!(!answer.headers().contains_key("cache-control"), "nothing is cleared, so it may be cached");
    clock.advance(60 * MINUTE);
    let answer = send(&app, with_cookie("/page", &pair.access).to_request()).await;
    let seen = (&**answer.body(), set_cookies(&answer).len());
    assert_eq!(seen, (&b"a stranger"[..], 2), "the refresh token may be good");
    let chosen = send(&app, with_bearer("/page", &pair.access).to_request()).await;
    assert_eq!(chosen.status(), 401, "the client has sent this one");
}

/// Opens a WebSocket through all layers, and returns the answer with the first frame.
async fn handshake(jwt: &JwtManager, headers: &str) -> String {
    let jwt = jwt.clone();
    let layered = move || app(&jwt).wrap(GuardLayer::new(jwt.clone(), Requirement::access())).wrap(BodyLayer::new());
    let server = HttpServer::new(layered).workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    rt::spawn(server);
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
    handle.stop(false).await;
    String::from_utf8_lossy(&answer).into_owned()
}

#[actix_web::test]
async fn a_websocket_takes_its_token_from_the_subprotocols() {
    let (jwt, _) = manager();
    let token = jwt.create_access_token("alice").unwrap();
    let answer = handshake(&jwt, &format!("Sec-WebSocket-Protocol: bearer, {token}")).await;
    assert!(answer.starts_with("HTTP/1.1 101") && answer.contains("sec-websocket-protocol: bearer\r\n"), "{answer}");
    assert!(answer.ends_with("hello alice"), "{answer}");
    assert!(handshake(&jwt, "Sec-WebSocket-Protocol: bearer, garbage").await.starts_with("HTTP/1.1 401"));
}

#[actix_web::test]
async fn a_websocket_with_cookies_needs_the_same_origin() {
    let (jwt, _) = manager();
    let token = jwt.create_access_token("alice").unwrap();
    let from =
        async |origin: &str| handshake(&jwt, &format!("Cookie: access_token_cookie={token}\r\nOrigin: {origin}")).await;
    assert!(from("https://app.example").await.ends_with("hello alice"));
    let refused = from("https://evil.example").await;
    assert!(refused.starts_with("HTTP/1.1 401") && refused.contains("same origin"), "{refused}");
}
