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
use jwt_extended_redis::ConnectError;
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

/// Makes two authorities, and a certificate that is from the first.
fn make_certificates(path: &Path) {
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
}

/// Returns the options of a server or a sentinel with that certificate: names and values.
fn options(path: &Path, clients: &'static str) -> [(&'static str, String); 4] {
    let in_folder = |name: &str| path.join(name).to_str().unwrap().to_owned();
    [
        ("tls-cert-file", in_folder("cert.pem")),
        ("tls-key-file", in_folder("key.pem")),
        ("tls-ca-cert-file", in_folder("ca.pem")),
        ("tls-auth-clients", clients.to_owned()),
    ]
}

/// Starts a server with these options beside those for TLS.
fn start(port: u16, path: &Path, clients: &'static str, further: &[&str]) -> Server {
    let tls = options(path, clients).into_iter().flat_map(|(name, value)| [format!("--{name}"), value]);
    let all: Vec<_> = further.iter().map(|&option| option.to_owned()).chain(tls).collect();
    Server::start_on(port, &all.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Makes the certificates, and a server that accepts only TLS.
fn server(path: &Path, clients: &'static str) -> (Server, u16) {
    make_certificates(path);
    let port = free_port();
    (start(port, path, clients, &["--port", "0", "--tls-port", &port.to_string()]), port)
}

#[test]
fn the_certificate_of_the_server_is_verified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let (_server, port) = server(path, "no");
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
    let (_server, port) = server(folder.path(), "no");
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

#[tokio::test(flavor = "multi_thread")]
async fn the_client_shows_the_certificate_that_its_url_names() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, port) = server(folder.path(), "yes");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let url = format!("rediss://127.0.0.1:{port}?ssl_ca_certs={}", file("ca.pem"));
    let without = patient(&url).connect().await;
    assert!(matches!(without, Err(ConnectError::Unavailable(_))), "{without:?}");
    let with = format!("{url}&ssl_certfile={}&ssl_keyfile={}", file("cert.pem"), file("key.pem"));
    assert!(patient(with).connect().await.is_ok());
}

#[cfg(feature = "cluster")]
#[tokio::test(flavor = "multi_thread")]
async fn the_url_of_a_node_names_the_authority_of_its_cluster() {
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path());
    let [tls, bus] = [free_port(), free_port()].map(|port| port.to_string());
    let ports = ["--tls-port", &tls, "--cluster-port", &bus];
    let cluster = ["--cluster-enabled", "yes", "--tls-cluster", "yes"];
    let node = start(free_port(), folder.path(), "no", &[ports, cluster].concat());
    let _: () = node.ask("CLUSTER", ("ADDSLOTSRANGE", 0, 16383));
    crate::cluster::wait_until_ready(&node);
    let with = |authority: &str| {
        let file = folder.path().join(authority);
        let url = format!("rediss://127.0.0.1:{tls}?ssl_ca_certs={}", file.display());
        jwt_extended_redis::RedisStore::cluster([url]).timeout(crate::server::PATIENCE)
    };
    assert!(with("ca.pem").connect().await.is_ok());
    let other = with("other.pem").connect().await;
    assert!(matches!(other, Err(ConnectError::Unavailable(_))), "{other:?}");
}

#[cfg(feature = "sentinel")]
#[tokio::test(flavor = "multi_thread")]
async fn sentinels_and_their_master_are_reached_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (master, _) = server(folder.path(), "no");
    let port = free_port();
    let tls = options(folder.path(), "no").map(|(name, value)| format!("{name} {value}\n")).concat();
    let lines = format!("tls-port {port}\ntls-replication yes\n{tls}");
    let _sentinel = test_services::Sentinel::watching_with(&master, "main", &lines);
    let with = |authority: &str| {
        let file = folder.path().join(authority);
        patient(format!("rediss+sentinel://127.0.0.1:{port}/main?ssl_ca_certs={}", file.display()))
    };
    let store = with("ca.pem").connect().await.unwrap();
    let new = new_session("alice", "session", "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    let other = with("other.pem").connect().await;
    assert!(matches!(other, Err(ConnectError::Unavailable(_))), "{other:?}");
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
