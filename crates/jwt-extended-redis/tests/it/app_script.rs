//! Scripts of the app, over the connection of the store.

use jwt_extended::session::StoreError;
use jwt_extended_redis::AppScript;

use crate::server::Server;

#[tokio::test]
async fn a_script_of_the_app_finds_its_keys_and_arguments() {
    let server = Server::start();
    let store = server.store().await;
    let add = AppScript::new("return { redis.call('INCRBY', KEYS[1], ARGV[1]), redis.call('INCR', KEYS[2]) }");
    assert_eq!(store.run(&add, &["one", "two"], &["7"]).await, Ok(vec![7, 1]));
    assert_eq!(store.run(&add, &["one", "two"], &["2"]).await, Ok(vec![9, 2]));
}

#[tokio::test]
async fn keys_of_the_app_are_no_keys_of_the_store() {
    let server = Server::start();
    let store = server.store().await;
    let set = AppScript::new("redis.call('SET', KEYS[1], 1) return {}");
    assert_eq!(store.run(&set, &["p:session"], &[]).await, Ok(Vec::new()));
    assert_eq!(server.keys(), ["jwt:app:p:session"]);
}

#[tokio::test]
async fn a_reply_that_is_no_list_of_integers_is_an_error() {
    let server = Server::start();
    let store = server.store().await;
    for code in ["return 'text'", "return { 1, 'text' }", "return 1"] {
        let answer = store.run(&AppScript::new(code), &[], &[]).await;
        assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{code}: {answer:?}");
    }
}

#[tokio::test]
async fn a_script_that_redis_rejects_is_an_error() {
    let server = Server::start();
    let store = server.store().await;
    let answer = store.run(&AppScript::new("return redis.call('GET')"), &[], &[]).await;
    assert!(matches!(answer, Err(StoreError::Unavailable(_))), "{answer:?}");
}

#[test]
fn the_code_of_a_script_is_not_shown() {
    assert_eq!(format!("{:?}", AppScript::new("return { 42 }")), "AppScript");
}
