//! Servers that speak TLS, with certificates that the tests make.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{Arc, OnceLock},
    thread,
};

use jwt_extended_jwks::{FetchFailure, RemoteKeys};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tempfile::TempDir;

use crate::{
    server::keys,
    wait::{kids, refusal},
};

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output();
    let made = made.expect("openssl is missing; install Debian's openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

/// A folder with two authorities, and a certificate of the first one for 127.0.0.1.
fn folder() -> &'static Path {
    static FOLDER: OnceLock<TempDir> = OnceLock::new();
    let made = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("extensions"), "subjectAltName=IP:127.0.0.1\nbasicConstraints=critical,CA:FALSE\n")
            .unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
        for authority in ["ca", "other"] {
            openssl(
                path,
                &format!("req -x509 {key} -keyout {authority}.key -out {authority}.pem -subj /CN={authority}"),
            );
        }
        openssl(path, &format!("req {key} -keyout key.pem -out request -subj /CN=idp"));
        let signed = "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial -out cert.pem -extfile extensions";
        openssl(path, signed);
        folder
    });
    made.path()
}

fn file(name: &str) -> PathBuf {
    folder().join(name)
}

/// The authority of the server below.
pub(crate) fn authority() -> Vec<u8> {
    fs::read(file("ca.pem")).unwrap()
}

/// Starts a server that publishes the key `a`, and returns its port.
fn server() -> u16 {
    let certificate = CertificateDer::from_pem_file(file("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(file("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream.unwrap());
            // A client that refuses the certificate leaves.
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(keys(&["a"]).as_bytes());
            }
        }
    });
    port
}

fn url(port: u16) -> String {
    format!("https://127.0.0.1:{port}/jwks.json")
}

#[test]
fn a_private_authority_can_be_named() {
    let keys = RemoteKeys::jwk_set(url(server())).root_certificates(authority()).build().unwrap();
    keys.ready_blocking().unwrap();
    assert_eq!(kids(&keys).unwrap(), ["a"]);
}

#[test]
fn a_certificate_of_another_authority_is_refused() {
    let other = fs::read(file("other.pem")).unwrap();
    let refusal = refusal(&RemoteKeys::jwk_set(url(server())).root_certificates(other).build().unwrap());
    assert!(matches!(refusal, FetchFailure::Tls(_)), "{refusal:?}");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let other_host = format!("https://localhost:{}/jwks.json", server());
    let refusal = refusal(&RemoteKeys::jwk_set(other_host).root_certificates(authority()).build().unwrap());
    assert!(matches!(refusal, FetchFailure::Tls(_)), "{refusal:?}");
}

/// Runs a test below in a child process that takes this file for the system's certificates: a process cannot safely
/// change its own environment.
fn inside(test: &str, certificates: &Path) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &format!("tls::{test}"), "--ignored"]).env_remove("SSL_CERT_DIR");
    command.env("SSL_CERT_FILE", certificates).env("TEST_URL", url(server())).output().unwrap()
}

#[test]
fn the_authorities_of_the_system_are_trusted() {
    for (test, certificates) in
        [("inside_with_trust", "ca.pem"), ("inside_without_trust", "other.pem"), ("inside_without_roots", "none.pem")]
    {
        let output = inside(test, &file(certificates));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

fn of_environment() -> RemoteKeys {
    RemoteKeys::jwk_set(env::var("TEST_URL").unwrap()).build().unwrap()
}

#[test]
#[ignore = "runs inside another test"]
fn inside_with_trust() {
    of_environment().ready_blocking().unwrap();
}

#[test]
#[ignore = "runs inside another test"]
fn inside_without_trust() {
    assert!(matches!(refusal(&of_environment()), FetchFailure::Tls(_)));
}

#[test]
#[ignore = "runs inside another test"]
fn inside_without_roots() {
    assert_eq!(refusal(&of_environment()), FetchFailure::NoRoots);
}
