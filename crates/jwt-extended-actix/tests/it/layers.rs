//! Guards around scopes and whole apps, and their exceptions.

use actix_web::{App, http::Method, middleware::NormalizePath, test as actix, web};
use jwt_extended_actix::{Admitted, GuardLayer, Requirement};

use super::face::*;

#[actix_web::test]
async fn a_guard_layer_protects_everything_but_named_exceptions() {
    let jwt = builder().build().unwrap();
    let layer = GuardLayer::new(jwt.clone(), Requirement::access());
    let layer = layer.except("/login").unwrap().except("/public/{*file}").unwrap();
    let app = App::new()
        .route("/login", web::to(async || "open"))
        .route("/public/{file:.*}", web::to(async || "open"))
        .route("/private", web::to(async || "closed"))
        .service(web::scope("/api").route("/login", web::to(async || "closed")))
        .wrap(layer);
    let app = actix::init_service(app).await;
    let status = async |path: &str| send(&app, actix::TestRequest::with_uri(path).to_request()).await.status();
    for open in ["/login", "/login?next=/private", "/public/a.css", "/public/a/b.css"] {
        assert_eq!(status(open).await, 200, "{open}");
    }
    let closed = ["/private", "/api/login", "/nowhere", "/login/", "//login", "/Login", "/%6cogin", "/public"];
    let climbing = ["/public/../private", "/public/%2E%2e/private", "/public/..%2fprivate", "/public/..%5Cprivate"];
    for closed in closed.into_iter().chain(climbing) {
        assert_eq!(status(closed).await, 401, "{closed}");
    }
    let token = jwt.create_access_token("alice").unwrap();
    assert_eq!(send(&app, with_bearer("/private", &token).to_request()).await.status(), 200);
    let preflight = actix::TestRequest::with_uri("/private").method(Method::OPTIONS).to_request();
    assert_eq!(send(&app, preflight).await.status(), 200, "a CORS preflight has no token");
}

#[actix_web::test]
async fn a_scope_is_guarded_with_its_prefix_in_exceptions() {
    let jwt = builder().build().unwrap();
    let layer = GuardLayer::new(jwt.clone(), Requirement::access()).except("/api/health").unwrap();
    let who = async |admitted: web::ReqData<Admitted>| admitted.token().subject().to_owned();
    let api = web::scope("/api")
        .route("/health", web::get().to(async || "well"))
        .route("/who", web::get().to(who))
        .wrap(layer);
    let app = App::new().service(api).route("/open", web::get().to(async || "open"));
    let app = actix::init_service(app).await;
    for (path, status) in [("/open", 200), ("/api/health", 200), ("/api/who", 401), ("/api/nowhere", 401)] {
        assert_eq!(send(&app, actix::TestRequest::with_uri(path).to_request()).await.status(), status, "{path}");
    }
    let token = jwt.create_access_token("alice").unwrap();
    assert_eq!(*send(&app, with_bearer("/api/who", &token).to_request()).await.body(), b"alice");
}

#[actix_web::test]
async fn a_normalized_path_is_an_exception_only_inside() {
    let jwt = builder().build().unwrap();
    let layer = || GuardLayer::new(jwt.clone(), Requirement::access()).except("/login").unwrap();
    let route = || web::get().to(async || "open");
    let inside = App::new().route("/login", route()).wrap(layer()).wrap(NormalizePath::trim());
    let outside = App::new().route("/login", route()).wrap(NormalizePath::trim()).wrap(layer());
    let request = || actix::TestRequest::with_uri("//login/").to_request();
    assert_eq!(send(&actix::init_service(inside).await, request()).await.status(), 200);
    assert_eq!(send(&actix::init_service(outside).await, request()).await.status(), 401);
}

#[test]
fn a_malformed_exception_is_an_error() {
    let layer = GuardLayer::new(builder().build().unwrap(), Requirement::access());
    let error = |path| layer.clone().except(path).unwrap_err().to_string();
    assert_eq!(error("login"), "\"login\" cannot be an exception: it must begin with /");
    for actix in ["/files/{file:.*}", "/files/{file}*", "/{a}/{b:[0-9]+}"] {
        assert!(error(actix).ends_with("write {name} for one segment, and {*name} for the rest of the path"));
    }
    assert!(layer.clone().except("/items:batch").is_ok());
    assert!(layer.clone().except("/{").is_err());
    assert!(layer.except("/a").unwrap().except("/a").is_err());
}
