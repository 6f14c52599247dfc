//! Connects to a server that accepts only TLS, with a certificate that the test creates.

use std::{
    env,
    path::Path,
    process::{Command, Output},
};

use jwt_extended::{
    session::{SessionStore, TokenStatus},
    test_util::sessions::{at, new_session},
};
use test_services::free_port;

use crate::server::{Server, patient, token};

const EXTENSIONS: &str = "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n";

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let made = made.expect("openssl is missing; install Debian's openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// Runs the test below in a child process that takes these for the system's certificates. They come from an environment
/// variable, which a process cannot safely change while it runs.
fn inside(certificates: &Path, url: &str) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", "tls::inside_a_process_with_its_own_certificates", "--ignored"]);
    command.env("SSL_CERT_FILE", certificates).env("TEST_REDIS_URL", url).output().unwrap()
}

/// Makes two authorities, and a server whose certificate is from the first.
fn server(path: &Path) -> (Server, u16) {
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
    (Server::start_on(port, &[&ports[..], &tls].concat()), port)
}

#[test]
fn the_certificate_of_the_server_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (_server, port) = server(path);
    let url = format!("rediss://127.0.0.1:{port}");
    let good = inside(&path.join("ca.pem"), &url);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stdout));
    let bad = inside(&path.join("other.pem"), &url);
    let output = String::from_utf8_lossy(&bad.stdout).into_owned() + &String::from_utf8_lossy(&bad.stderr);
    assert!(!bad.status.success() && output.contains("invalid peer certificate"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_can_name_the_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, port) = server(folder.path());
    let with = |authority: &str| {
        let file = folder.path().join(authority);
        patient(format!("rediss://127.0.0.1:{port}?ssl_ca_certs={}", file.display()))
    };
    assert!(with("ca.pem").connect().await.is_ok());
    let other = with("other.pem").connect().await.unwrap_err().to_string();
    assert!(other.contains("invalid peer certificate"), "{other}");
    let none = patient(format!("rediss://127.0.0.1:{port}")).connect().await.unwrap_err().to_string();
    assert!(none.contains("invalid peer certificate"), "{none}");
    let key = with("ca.key").connect_lazily().unwrap_err().to_string();
    assert!(key.contains("holds no CERTIFICATE"), "{key}");
}

#[tokio::test]
#[ignore = "`the_certificate_of_the_server_is_verified` runs it"]
async fn inside_a_process_with_its_own_certificates() {
    let store = patient(env::var("TEST_REDIS_URL").unwrap()).connect().await.unwrap();
    let new = new_session("alice", "session", "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    let answer = store.status(&token("alice", "session", "a", at(1))).wait().await;
    assert_eq!(answer, Ok(TokenStatus::Active));
}
