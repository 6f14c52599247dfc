//! Any bytes as the reply of a Redis: the store reads it whole, or calls it foreign.

use jwt_extended::Timestamp;
use jwt_extended_redis::fuzzing::{Reply, read};
use redis::Value;

use crate::model::NOW;

pub(crate) fn redis(data: &[u8]) {
    let Ok(value) = redis::parse_redis_value(data) else { return };
    let since = Timestamp::from_secs(NOW - 60);
    let reply = read(&value, Timestamp::from_secs(NOW), since, "kept");
    match value {
        Value::Array(items) => list(&reply, &items),
        Value::BulkString(text) => held(&reply, &text),
        _ => assert_eq!(reply, FOREIGN),
    }
}

const FOREIGN: Reply =
    Reply { sessions: None, rotation: None, counted: None, ended: None, has_expired: None, cuts_off: None };

/// Every item of a list is read: none is skipped or invented.
fn list(reply: &Reply, items: &[Value]) {
    let first = match items.first() {
        Some(Value::BulkString(text)) => str::from_utf8(text).unwrap_or_default(),
        _ => "",
    };
    if let Some(sessions) = &reply.sessions {
        assert_eq!(sessions.len() * 2, items.len());
        assert!(sessions.is_sorted_by_key(|session| std::cmp::Reverse(session.opened)));
    }
    match &reply.rotation {
        Some((_, ended)) => assert!(ended.is_empty() || (first == "replayed" && ended.len() == items.len() - 1)),
        None => assert!(!["rotated", "ended"].contains(&first), "an outcome was not read"),
    }
    if let Some((count, ids)) = &reply.counted {
        assert_eq!((items.first(), ids.len()), (i64::try_from(*count).ok().map(Value::Int).as_ref(), items.len() - 1));
    }
    if let Some((_, ids, _)) = &reply.ended {
        assert_eq!(ids.len() + 2, items.len());
    }
    assert_eq!((reply.has_expired, reply.cuts_off), (None, None));
}

/// A value that is read at all says its time in 18 digits.
fn held(reply: &Reply, text: &[u8]) {
    let is_time = |at: usize| text.get(at..at + 18).is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let time = |at: usize| String::from_utf8_lossy(&text[at..at + 18]).parse::<u64>().unwrap_or_default();
    assert_eq!(reply.has_expired, is_time(0).then(|| time(0) <= NOW * 1_000_000));
    let cuts = (is_time(0) && is_time(19) && text.len() >= 38)
        .then(|| time(19) > NOW * 1_000_000 && (NOW - 60) * 1_000_000 < time(0) && &text[38..] != b"=kept");
    assert_eq!(reply.cuts_off, cuts);
    assert!(reply.sessions.is_none() && reply.rotation.is_none());
}
