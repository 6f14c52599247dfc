//! The servers: each framework with each store, with an open and a guarded route that answer the same.

use std::{future::Future, path::PathBuf, pin::Pin};

use jwt_extended::{JwtManager, jose::Key, session::MemoryStore};
use jwt_extended_sqlx::SqliteStore;

/// A server that runs until this process ends.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// An access token of an open session.
    pub(crate) token: String,
}

type Starting = Pin<Box<dyn Future<Output = Server>>>;

/// Starts a server, which may keep its sessions in this file.
type Start = fn(PathBuf) -> Starting;

/// All servers, by their names.
pub(crate) const SERVERS: [(&str, Start); 4] = [
    ("axum, memory", |_| Box::pin(async { on_axum(in_memory()).await })),
    ("axum, SQLite", |path| Box::pin(async { on_axum(in_sqlite(path).await).await })),
    ("actix-web, memory", |_| Box::pin(async { on_actix(in_memory()).await })),
    ("actix-web, SQLite", |path| Box::pin(async { on_actix(in_sqlite(path).await).await })),
];

/// A secret of a bench, which protects nothing.
const SECRET: &str = "a secret of at least thirty-two bytes, for measuring only";

fn in_memory() -> JwtManager {
    JwtManager::builder().key(Key::hs256(SECRET).unwrap()).session_store(MemoryStore::new()).build().unwrap()
}

async fn in_sqlite(path: PathBuf) -> JwtManager {
    let store = SqliteStore::open(path).await.unwrap();
    store.migrate().await.unwrap();
    JwtManager::builder().key(Key::hs256(SECRET).unwrap()).session_store(store).build().unwrap()
}

async fn on_axum(jwt: JwtManager) -> Server {
    use axum::{Router, routing::get};
    use jwt_extended_axum::Access;

    let token = jwt.login("alice").await.unwrap().access.to_string();
    let app = Router::new()
        .route("/open", get(|| async { "hello" }))
        .route("/guarded", get(|_: Access| async { "hello" }))
        .with_state(jwt);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async { axum::serve(listener, app).await });
    Server { port, token }
}

async fn on_actix(jwt: JwtManager) -> Server {
    use actix_web::{
        App, HttpServer,
        web::{Data, get},
    };
    use jwt_extended_actix::Access;

    let token = jwt.login("alice").await.unwrap().access.to_string();
    let app = move || {
        App::new()
            .app_data(Data::new(jwt.clone()))
            .route("/open", get().to(|| async { "hello" }))
            .route("/guarded", get().to(|_: Access| async { "hello" }))
    };
    let server = HttpServer::new(app).bind(("127.0.0.1", 0)).unwrap();
    let port = server.addrs()[0].port();
    let server = server.disable_signals().run();
    // Its workers have runtimes of their own.
    std::thread::spawn(|| actix_web::rt::System::new().block_on(server));
    Server { port, token }
}
