//! The proxy that the environment names is asked only if the app says so.

use std::{
    env,
    process::{Command, Output},
};

use jwt_extended_jwks::{FetchFailure, RemoteKeys};

use crate::{
    server::{Server, answer, keys},
    wait::refusal,
};

/// Runs a test below in a child process with this proxy: a process cannot safely change its own environment.
fn inside(test: &str, proxy: &Server, target: &Server) -> Output {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(["--exact", &format!("proxies::{test}"), "--ignored"]).env("TEST_URL", target.url("/jwks.json"));
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, proxy.url("")).env(name.to_ascii_lowercase(), proxy.url(""));
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap()
}

#[test]
fn a_proxy_of_the_environment_is_asked_only_by_option() {
    let target = Server::answering([keys(&["a"])]);
    let proxy = Server::answering([answer("403 Forbidden", "", "")]);
    let output = inside("inside_without_the_option", &proxy, &target);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((proxy.count(), target.count()), (0, 1));
    let output = inside("inside_with_the_option", &proxy, &target);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!((proxy.count(), target.count()), (1, 1));
}

#[test]
#[ignore = "runs inside another test"]
fn inside_without_the_option() {
    let keys = RemoteKeys::jwk_set(env::var("TEST_URL").unwrap()).allow_loopback_http();
    keys.build().unwrap().ready_blocking().unwrap();
}

#[test]
#[ignore = "runs inside another test"]
fn inside_with_the_option() {
    let keys = RemoteKeys::jwk_set(env::var("TEST_URL").unwrap()).allow_loopback_http().use_environment_proxy();
    let refusal = refusal(&keys.build().unwrap());
    assert!(
        matches!(refusal, FetchFailure::Unreachable(_) | FetchFailure::Status { status: 403 }),
        "the proxy refuses, not {refusal:?}"
    );
}
