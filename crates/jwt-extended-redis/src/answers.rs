//! Reads the replies of Redis and the scripts. It knows their shape, and `record` knows what is in them.

use jwt_extended::{
    Timestamp,
    session::{Change, RotateOutcome, Session},
};
use redis::Value;

use crate::{connection::Failure, record};

/// A count, and the ids of ended sessions that had no expiry. The caller must delete their pointers.
pub(crate) struct Counted {
    pub(crate) count: u64,
    pub(crate) endless: Vec<String>,
}

/// Reads a count and session ids.
pub(crate) fn counted(answer: Value) -> Result<Counted, Failure> {
    let mut items = items(answer)?;
    let count = number(items.next().as_ref())?;
    let endless = items.map(|item| text(Some(item))).collect::<Result<_, _>>()?;
    Ok(Counted { count, endless })
}

/// Reads a count, the index of the sessions that are left to sweep, and session ids.
pub(crate) fn ended(answer: Value) -> Result<(Counted, Option<String>), Failure> {
    let mut items = items(answer)?;
    let count = number(items.next().as_ref())?;
    let index = text(items.next())?;
    let endless = items.map(|item| text(Some(item))).collect::<Result<_, _>>()?;
    Ok((Counted { count, endless }, Some(index).filter(|index| !index.is_empty())))
}

/// Reads the outcome of a rotation, and the ids of ended sessions that had no expiry.
pub(crate) fn rotation(answer: Value) -> Result<(RotateOutcome, Vec<String>), Failure> {
    let mut items = items(answer)?;
    Ok(match text(items.next())?.as_str() {
        "rotated" => (RotateOutcome::Rotated, Vec::new()),
        "repeated" => {
            let successor = text(items.next())?;
            let rotated_at = record::read_time(text(items.next())?.as_bytes())?;
            (RotateOutcome::Repeated { successor, rotated_at }, Vec::new())
        }
        "replayed" => (RotateOutcome::Replayed, items.map(|item| text(Some(item))).collect::<Result<_, _>>()?),
        "ended" => (RotateOutcome::Ended, Vec::new()),
        _ => return Err(Failure::Foreign),
    })
}

/// Reads sessions and sorts them, the one opened last first.
pub(crate) fn sessions(answer: Value) -> Result<Vec<Session>, Failure> {
    let mut items = items(answer)?;
    let mut sessions = Vec::with_capacity(items.len() / 2);
    while let Some(id) = items.next() {
        sessions.push(record::read_session(text(Some(id))?, &text(items.next())?)?);
    }
    sessions.sort_by(|one, two| (two.opened, &two.id).cmp(&(one.opened, &one.id)));
    Ok(sessions)
}

/// Reads a page of revoked tokens, and where the next one begins; `0` at the end.
pub(crate) fn revoked(answer: Value) -> Result<(String, Vec<Change>), Failure> {
    let mut halves = items(answer)?;
    let next = text(halves.next())?;
    let mut page = items(halves.next().ok_or(Failure::Foreign)?)?;
    let mut tokens = Vec::with_capacity(page.len() / 2);
    while let Some(jti) = page.next() {
        let until = match text(page.next())?.as_str() {
            "inf" => None,
            seconds => Some(Timestamp::from_secs(seconds.parse().map_err(|_| Failure::Foreign)?)),
        };
        tokens.push(Change::Token { jti: text(Some(jti))?, until });
    }
    Ok((next, tokens))
}

/// Reads entries of a stream: the id of each, and its fields and values.
pub(crate) fn entries(answer: Value) -> Result<Vec<(String, Vec<String>)>, Failure> {
    let entry = |entry| {
        let mut parts = items(entry)?;
        let id = text(parts.next())?;
        let fields = items(parts.next().ok_or(Failure::Foreign)?)?;
        Ok((id, fields.map(|field| text(Some(field))).collect::<Result<_, _>>()?))
    };
    items(answer)?.map(entry).collect()
}

/// Reads an array.
pub(crate) fn items(answer: Value) -> Result<std::vec::IntoIter<Value>, Failure> {
    match answer {
        Value::Array(items) => Ok(items.into_iter()),
        _ => Err(Failure::Foreign),
    }
}

/// Reads the value of a key, if it exists.
pub(crate) fn held(answer: Option<Value>) -> Result<Option<Vec<u8>>, Failure> {
    match answer {
        Some(Value::BulkString(text)) => Ok(Some(text)),
        Some(Value::Nil) => Ok(None),
        _ => Err(Failure::Foreign),
    }
}

/// Reads a number that is not negative.
pub(crate) fn number(answer: Option<&Value>) -> Result<u64, Failure> {
    match answer {
        Some(Value::Int(number)) => u64::try_from(*number).map_err(|_| Failure::Foreign),
        _ => Err(Failure::Foreign),
    }
}

/// Reads a text.
pub(crate) fn text(answer: Option<Value>) -> Result<String, Failure> {
    match answer {
        Some(Value::BulkString(text)) => String::from_utf8(text).map_err(|_| Failure::Foreign),
        _ => Err(Failure::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn the_outcome_of_a_rotation_is_read() {
        let read = |items: &[&str]| rotation(Value::Array(items.iter().map(|item| bulk(item)).collect()));
        assert!(matches!(read(&["rotated"]), Ok((RotateOutcome::Rotated, ended)) if ended.is_empty()));
        let (repeated, _) = read(&["repeated", "next", "000000001800000000"]).unwrap();
        let rotated_at = Timestamp::from_micros(1_800_000_000);
        assert_eq!(repeated, RotateOutcome::Repeated { successor: "next".to_owned(), rotated_at });
        assert_eq!(
            read(&["replayed", "a", "b"]).unwrap(),
            (RotateOutcome::Replayed, vec!["a".to_owned(), "b".to_owned()])
        );
        assert_eq!(read(&["ended"]).unwrap().0, RotateOutcome::Ended);
        for bad in [&["spun"][..], &["repeated", "next"], &["repeated", "next", "soon"], &[]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_reply_of_another_kind_is_an_error() {
        for bad in [Value::Nil, Value::Okay, Value::Int(-1), bulk("1"), Value::Array(vec![Value::Int(-1)])] {
            assert!(counted(bad.clone()).is_err(), "{bad:?}");
            assert!(sessions(bad.clone()).is_err() && number(Some(&bad)).is_err());
        }
        assert!(sessions(Value::Array(vec![bulk("id")])).is_err());
        let page = |score: &str| {
            revoked(Value::Array(vec![bulk("0"), Value::Array(vec![bulk("token"), bulk(score)])])).map(|(_, page)| page)
        };
        assert!(page("inf").is_ok() && page("1800000000").is_ok() && page("soon").is_err());
        assert!(entries(Value::Array(vec![bulk("1-0")])).is_err() && entries(Value::Nil).is_err());
        assert!(held(None).is_err() && held(Some(Value::Int(1))).is_err() && held(Some(Value::Nil)).is_ok());
    }
}
