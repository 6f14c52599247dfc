//! The specification of `standing`, which a denylist relies on.

use std::time::Duration;

use super::{
    at, end_one, ids, new_session, revoked_token, rotate_request,
    steps::{SECOND, User},
    touch_request,
};
use crate::{
    session::{SessionStore, Standing, TokenIds, TokenStatus},
    time::Timestamp,
};

pub(super) async fn check(store: &dyn SessionStore) {
    a_standing_says_when_the_session_ends(store).await;
    a_session_or_token_without_an_end_stands_forever(store).await;
}

async fn standing(store: &dyn SessionStore, token: &TokenIds<'_>) -> Standing {
    store.standing(token).wait().await.unwrap_or_else(|error| panic!("{error}"))
}

fn active(until: Option<Timestamp>) -> Standing {
    Standing { status: TokenStatus::Active, until }
}

async fn a_standing_says_when_the_session_ends(store: &dyn SessionStore) {
    let user = User::new(store);
    let session = user.open("session", 0).await;
    let token = ids(&user.name, Some(&session), Some("an access token"), at(0), at(1));
    assert_eq!(standing(store, &token).await, active(Some(at(100 * SECOND))));
    let touched = store.touch(&touch_request(token, Some(at(200 * SECOND)))).wait().await;
    assert_eq!((touched, standing(store, &token).await), (Ok(TokenStatus::Active), active(Some(at(200 * SECOND)))));
    let refresh = format!("{session} r0");
    let refresh = ids(&user.name, Some(&session), Some(&refresh), at(0), at(1));
    // A rotation may also end it earlier.
    let rotated = store.rotate(&rotate_request(refresh, "next", Duration::ZERO, Some(at(50 * SECOND)))).wait().await;
    assert!(rotated.is_ok(), "{rotated:?}");
    assert_eq!(standing(store, &token).await, active(Some(at(50 * SECOND))));
    assert_eq!(store.revoke(&revoked_token(&user.name, "gone", None, at(1))).wait().await, Ok(()));
    let gone = TokenIds { jti: Some("gone"), ..token };
    assert_eq!(standing(store, &gone).await.status, TokenStatus::Revoked);
    assert_eq!(user.end(&end_one(&session, None, at(1))).await, 1);
    assert_eq!(standing(store, &token).await.status, TokenStatus::Revoked);
}

async fn a_session_or_token_without_an_end_stands_forever(store: &dyn SessionStore) {
    let user = User::new(store);
    let id = super::fresh_name("session");
    let new = new_session(&user.name, &id, "r0", at(0), None);
    assert_eq!(store.open(&new).wait().await, Ok(TokenStatus::Active));
    for session in [Some(&*id), None] {
        let token = ids(&user.name, session, Some("an access token"), at(0), at(1));
        assert_eq!(standing(store, &token).await, active(None), "{session:?}");
    }
    assert_eq!(user.end(&end_one(&id, None, at(1))).await, 1);
}
