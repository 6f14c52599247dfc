//! Stores in SQLite that are opened by a URL.

use jwt_extended_sqlx::{SetupError, SqliteStore, SqliteUrl};

use crate::{
    common::{LONG, open, status},
    sqlite::File,
};

async fn connect(url: &str) -> Result<SqliteStore, SetupError> {
    SqliteStore::builder().timeout(LONG).connect(&url.parse()?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_opens_the_file_that_it_names() {
    let file = File::new();
    open(&file.store().await, "alice", "session").await.unwrap();
    let store = connect(&SqliteUrl::of_path(file.path()).to_string()).await.unwrap();
    assert_eq!(status(&store, "alice", "session").await, status(&file.store().await, "alice", "session").await);
    assert_eq!(store.migrate().await.map_err(|error| error.to_string()), Ok(()));
}

#[tokio::test]
async fn a_url_that_cannot_be_read_opens_nothing() {
    assert!(matches!(SqliteStore::connect("sqlite:x.db?mode=ro").await, Err(SetupError::BadSqliteUrl(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_must_exist_is_not_created() {
    let file = File::new();
    let url = format!("sqlite:{}?mode=rw", file.path().display());
    let missing = connect(&url).await.unwrap_err();
    assert!(matches!(missing, SetupError::Missing(path) if path == file.path()));
    assert!(!file.path().exists());
    drop(file.store().await);
    assert!(connect(&url).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn three_slashes_do_not_miss_an_existing_file() {
    let file = File::new();
    drop(file.store().await);
    // sqlx reads it as the absolute path.
    let url = format!("sqlite://{}", file.path().display());
    let refused = connect(&url).await.unwrap_err();
    assert!(matches!(&refused, SetupError::BadSqliteUrl(why) if why.contains("write sqlite:/")), "{refused}");
}
