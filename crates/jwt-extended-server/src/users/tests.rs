//! Users and their logins: which passwords are right, what a login in flight survives, and how a table is migrated.

use std::{pin::Pin, task::Poll};

use jwt_extended_axum::jwt_extended::Timestamp;
use sqlx::sqlite::{SqlitePool, SqlitePoolOptions};

use super::{passwords::AT_ONCE, *};

/// A hash of bcrypt at a low cost, and its password.
const BCRYPT: &str = "$2b$05$0D4thRnEFKjnYIhxIvdyG./BDKnU.LPxJiJPXYkSJAUNf8EuRINqe";
const OF_BCRYPT: [u8; 72] = [b'x'; 72];

fn password(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

#[tokio::test]
async fn only_the_right_password_of_a_known_user_is_accepted() {
    let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
    let verified = users.check("alice", password("rabbit")).await.unwrap().unwrap();
    assert!(users.is_still_valid(&verified).await.unwrap());
    let others = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
    assert!(!others.is_still_valid(&verified).await.unwrap(), "a new hash, even of the same password");
    let nobody = Users::new([("bob".to_owned(), hash("rabbit").unwrap())]).unwrap();
    assert!(!nobody.is_still_valid(&verified).await.unwrap());
    assert!(users.may_have_tokens("alice") && !users.may_have_tokens("bob"));
    assert!(users.check("alice", password("Rabbit")).await.unwrap().is_none());
    assert!(users.check("alice", password("")).await.unwrap().is_none());
    assert!(users.check("bob", password("rabbit")).await.unwrap().is_none());
    assert!(users.check("bob", password("nobody has this password")).await.unwrap().is_none());
}

#[tokio::test]
async fn every_spelling_of_a_listed_name_is_the_same_user() {
    let users = Users::new([("Jos\u{e9}".to_owned(), hash("rabbit").unwrap())]).unwrap();
    for spelling in ["jos\u{e9}", "jose\u{301}", "JOSE\u{301} ", "Jos\u{e9}"] {
        let verified = users.check(spelling, password("rabbit")).await.unwrap().unwrap();
        assert_eq!(verified.name(), "jos\u{e9}");
        assert!(users.may_have_tokens(verified.name()));
    }
    assert!(!users.may_have_tokens("Jos\u{e9}"), "the subject of a token has one spelling");
    assert!(users.check("jose", password("rabbit")).await.unwrap().is_none());
}

/// Polls a check once.
async fn poll_once(check: &mut (impl Future + Unpin)) -> bool {
    std::future::poll_fn(|context| Poll::Ready(Pin::new(&mut *check).poll(context).is_pending())).await
}

#[tokio::test]
async fn an_unknown_name_takes_as_long_as_a_wrong_password() {
    let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
    let gate = Arc::clone(&users.passwords.gate.turns);
    let all = gate.acquire_many(AT_ONCE.into()).await.unwrap();
    let mut check = Box::pin(users.check("bob", password("wrong")));
    assert!(poll_once(&mut check).await, "it waits for its turn to compute a hash");
    drop(all);
    assert!(check.await.unwrap().is_none());
    // The permit is returned when the hash is computed.
    assert_eq!(gate.available_permits(), usize::from(AT_ONCE), "the response waits for the hash");
}

#[test]
fn a_disconnected_client_keeps_its_place_until_its_check_ends() {
    let users = Users::new([("alice".to_owned(), hash("rabbit").unwrap())]).unwrap();
    let gate = Arc::clone(&users.passwords.gate.turns);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        // Occupies the only thread that computes hashes.
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let occupied = tokio::task::spawn_blocking(move || finished.recv());
        let mut check = Box::pin(users.check("alice", password("rabbit")));
        assert!(poll_once(&mut check).await);
        drop(check);
        assert_eq!(gate.available_permits(), usize::from(AT_ONCE) - 1);
        finish.send(()).unwrap();
        occupied.await.unwrap().unwrap();
        drop(gate.acquire_many(AT_ONCE.into()).await.unwrap());
    });
}

#[test]
fn mistakes_in_the_list_name_the_user() {
    let user = |name: &str, hash: &str| (name.to_owned(), hash.to_owned());
    let refused = |users: Vec<_>| Users::new(users).unwrap_err().to_string();
    let good = hash("rabbit").unwrap();
    assert!(refused(vec![user("alice", "rabbit")]).contains("the user \"alice\" has no usable password_hash"));
    let hollow = "$argon2id$v=19$m=19456,t=2,p=1";
    assert!(refused(vec![user("alice", hollow)]).contains("has no usable password_hash"));
    assert!(refused(vec![user("alice", &good), user("alice", &good)]).contains("is listed twice"));
    assert!(refused(vec![user("alice", &good), user("Alice ", &good)]).contains("is listed twice"));
    assert!(refused(vec![user("", &good)]).contains("has no name"));
    assert!(refused(vec![user("al\u{200b}ice", &good)]).contains("forbidden characters"));
}

async fn memory() -> SqlitePool {
    // Each connection would have a database of its own.
    SqlitePoolOptions::new().max_connections(1).connect("sqlite::memory:").await.unwrap()
}

/// Returns a database with the user alice, whose hash is bcrypt's, and her password.
async fn of_bcrypt() -> (Database, Users, Zeroizing<String>) {
    let database = Database::in_sqlite(memory().await).await.unwrap();
    let scopes = "read write".parse().unwrap();
    database.add("alice", &PasswordHash::parse(BCRYPT).unwrap(), &scopes, Timestamp::from_secs(0)).await.unwrap();
    let users = Users::in_database(database.clone()).unwrap();
    (database, users, password(std::str::from_utf8(&OF_BCRYPT).unwrap()))
}

async fn kind(database: &Database) -> String {
    database.list().await.unwrap()[0].hash.unwrap().to_string()
}

#[tokio::test]
async fn a_login_survives_that_another_one_replaces_the_hash() {
    let (database, users, right) = of_bcrypt().await;
    let one = users.check("alice", right.clone()).await.unwrap().unwrap();
    let two = users.check("alice", right).await.unwrap().unwrap();
    users.renew_hash(&one).await;
    assert_eq!(kind(&database).await, "argon2id");
    assert!(users.is_still_valid(&two).await.unwrap());
    users.renew_hash(&two).await;
    assert!(users.is_still_valid(&two).await.unwrap());
}

#[tokio::test]
async fn a_new_password_is_not_undone_by_a_login_in_flight() {
    let (database, users, right) = of_bcrypt().await;
    let verified = users.check("alice", right.clone()).await.unwrap().unwrap();
    database.set_password("alice", &own_hash("another").unwrap()).await.unwrap();
    assert!(!users.is_still_valid(&verified).await.unwrap());
    users.renew_hash(&verified).await;
    assert!(users.check("alice", right).await.unwrap().is_none());
    assert!(users.check("alice", password("another")).await.unwrap().is_some());
}

#[tokio::test]
async fn a_login_in_flight_keeps_no_scope_that_was_taken() {
    let (database, users, right) = of_bcrypt().await;
    let verified = users.check("alice", right).await.unwrap().unwrap();
    database.set_scopes("alice", &"delete read write".parse().unwrap()).await.unwrap();
    assert!(users.is_still_valid(&verified).await.unwrap());
    database.set_scopes("alice", &"read".parse().unwrap()).await.unwrap();
    assert!(!users.is_still_valid(&verified).await.unwrap());
}

#[tokio::test]
async fn a_stored_text_that_is_no_hash_matches_no_password() {
    let pool = memory().await;
    let users = Users::in_database(Database::in_sqlite(pool.clone()).await.unwrap()).unwrap();
    for (name, hash) in
        [("empty", ""), ("plain", "rabbit"), ("dear", "$2b$31$0D4thRnEFKjnYIhxIvdyG./BDKnU.LPxJiJPXYkSJAUNf8EuRINqe")]
    {
        let insert = sqlx::query("INSERT INTO jwt_users (name, password_hash, added_at) VALUES ($1, $2, 1)");
        insert.bind(name).bind(hash).execute(&pool).await.unwrap();
        assert!(users.check(name, password(hash)).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_table_of_an_earlier_version_gets_the_scopes() {
    let pool = memory().await;
    sqlx::raw_sql(include_str!("../../migrations/users.sql")).execute(&pool).await.unwrap();
    let insert = sqlx::query("INSERT INTO jwt_users (name, password_hash, added_at) VALUES ('alice', $1, 1)");
    insert.bind(BCRYPT).execute(&pool).await.unwrap();
    for _ in 0..2 {
        let database = Database::in_sqlite(pool.clone()).await.unwrap();
        let users = database.list().await.unwrap();
        assert!(users.len() == 1 && users[0].scopes.is_empty(), "{users:?}");
        // As another process does that has looked at the table before.
        database.add_scopes().await.unwrap();
    }
}

#[tokio::test]
async fn an_import_that_meets_a_new_user_adds_nobody() {
    let (database, ..) = of_bcrypt().await;
    let user = |name: String| Import {
        name,
        hash: PasswordHash::parse(BCRYPT).unwrap(),
        scopes: Scopes::default(),
        active: true,
    };
    // More than one batch.
    let mut import: Vec<_> = (0..1200).map(|number| user(format!("user{number}"))).collect();
    import.push(user("alice".to_owned()));
    let said = database.import(&import, Timestamp::from_secs(0), |_| {}).await.unwrap_err().to_string();
    assert!(said.starts_with("somebody added one of these users during the import"), "{said}");
    assert_eq!(database.list().await.unwrap().len(), 1);
    import.pop();
    let mut done = Vec::new();
    database.import(&import, Timestamp::from_secs(0), |users| done.push(users)).await.unwrap();
    assert_eq!((database.list().await.unwrap().len(), done), (1201, vec![500, 1000, 1200]));
}

#[tokio::test]
async fn no_secret_of_a_user_is_shown() {
    let new =
        NewUser { scopes: vec!["read".to_owned()], ..NewUser::from(("alice".to_owned(), hash("rabbit").unwrap())) };
    let shown = format!("{new:?}");
    assert!(shown.contains("alice") && shown.contains("read") && !shown.contains("argon2"), "{shown}");
    let users = Users::new([new]).unwrap();
    assert_eq!(format!("{users:?}"), r#"Users { source: "listed", .. }"#);
    let verified = users.check("alice", password("rabbit")).await.unwrap().unwrap();
    assert_eq!(format!("{verified:?}"), "VerifiedPassword");
    assert!(verified.scopes().contains("read") && !verified.scopes().contains("write"));
}
