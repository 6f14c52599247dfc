//! A server that only talks TLS, whose certificate is of an authority of the test's own.

#![cfg(feature = "tls")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test ends by it")]

mod common;

use std::{
    env,
    path::Path,
    process::{Command, Output},
};

use common::{Server, token};
use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, new_session},
};
use jwt_extended_redis::RedisStore;
use test_services::free_port;

const EXTENSIONS: &str = "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let made = made.expect("openssl is missing; install Debian's openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Runs the test `inside` in a process for which these are the system's certificates: that is read from the environment,
/// and what is in it, a test cannot change for itself.
fn inside(certificates: &Path, url: &str) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "inside_a_process_with_its_own_certificates", "--ignored"]);
    command.env("SSL_CERT_FILE", certificates).env("TEST_REDIS_URL", url).output().unwrap()
}

#[test]
fn the_server_s_certificate_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("extensions"), EXTENSIONS).unwrap();
    for authority in ["ca", "other"] {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        openssl(
            path,
            &format!("req -x509 {key} -keyout {authority}.key -out {authority}.pem -subj /CN={authority} -days 2"),
        );
    }
    openssl(
        path,
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request -subj /CN=redis",
    );
    openssl(
        path,
        "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -days 2 -extfile extensions",
    );
    let port = free_port();
    let in_folder = |name: &str| path.join(name).to_str().unwrap().to_owned();
    let (cert, key, ca) = (in_folder("cert.pem"), in_folder("key.pem"), in_folder("ca.pem"));
    let tls = ["--tls-cert-file", &cert, "--tls-key-file", &key, "--tls-ca-cert-file", &ca, "--tls-auth-clients", "no"];
    let ports = ["--port", "0", "--tls-port", &port.to_string()];
    let _server = Server::start_on(port, &[&ports[..], &tls].concat());
    let url = format!("rediss://127.0.0.1:{port}");
    let good = inside(&path.join("ca.pem"), &url);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stdout));
    let bad = inside(&path.join("other.pem"), &url);
    let told = String::from_utf8_lossy(&bad.stdout).into_owned() + &String::from_utf8_lossy(&bad.stderr);
    assert!(!bad.status.success() && told.contains("invalid peer certificate"), "{told}");
}

#[tokio::test]
#[ignore = "the other test runs it"]
async fn inside_a_process_with_its_own_certificates() {
    let store = RedisStore::connect(env::var("TEST_REDIS_URL").unwrap()).await.unwrap();
    let new = new_session("alice", "session", "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    let answer = store.status(&token("alice", "session", "a", at(1))).wait().await;
    assert_eq!(answer, Ok(TokenStatus::Active));
}
