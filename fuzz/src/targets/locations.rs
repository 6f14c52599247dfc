//! One place of a request with any bytes in it: the engine finds the token that the model finds.

use jwt_extended::http::{Location, Reason};

use super::setup::{MANAGERS, PLACES, requirement};
use crate::model::request::{Fault, Guard, Sent, locate};

/// The first byte says which header it is, and each line is one of that name.
pub(crate) fn headers(data: &[u8]) {
    match data.split_first() {
        Some((b'a', lines)) => compare(&with_headers("authorization", lines), Guard::Access),
        Some((_, lines)) => {
            let sent = with_headers("cookie", lines);
            for guard in [Guard::Access, Guard::Refresh, Guard::Any] {
                compare(&sent, guard);
            }
        }
        None => {}
    }
}

pub(crate) fn query(data: &[u8]) {
    let Ok(query) = str::from_utf8(data) else { return };
    compare(&Sent { method: "GET".to_owned(), query: Some(query.to_owned()), ..Sent::default() }, Guard::Access);
}

fn with_headers(name: &str, data: &[u8]) -> Sent {
    let headers = data.split(|byte| *byte == b'\n').map(|line| (name.to_owned(), line.to_vec())).collect();
    Sent { method: "GET".to_owned(), headers, ..Sent::default() }
}

/// Compares what the engine finds with what the model finds.
pub(super) fn compare(sent: &Sent, guard: Guard) {
    for (jwt, places) in MANAGERS.iter().zip(PLACES) {
        let located = jwt.steps().locate(sent, &requirement(guard));
        match (located, locate(sent, places, guard)) {
            (Ok(located), Ok((location, texts))) => {
                assert_eq!((located.location(), located.token()), (location, &*texts[0]));
            }
            // A cookie without its CSRF value is refused here already.
            (Err(rejection), Ok((Location::Cookie, _))) if matches!(rejection.reason(), Reason::Csrf(_)) => {}
            (Err(rejection), Err(Fault::Absent)) if matches!(rejection.reason(), Reason::Missing(_)) => {}
            (Err(rejection), Err(Fault::Malformed)) if matches!(rejection.reason(), Reason::Request(_)) => {}
            (engine, model) => panic!("the engine finds {engine:?}, and the model {model:?}"),
        }
    }
}
