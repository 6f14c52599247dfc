//! Rotations that meet other requests between their statements, over a connection that answers as the test says.

use std::time::Duration;

use jwt_extended::test_util::sessions::{at, ids, rotate_request};

use super::*;

/// A session as each statement finds it. None of them changes a row, because another request was faster.
struct Session {
    current: &'static str,
    previous: Option<&'static str>,
    statements: u32,
}

struct Found(&'static str, Option<&'static str>);

impl Connection for Session {
    type Row = Found;

    const PURGE: [&'static str; 3] = [""; 3];

    async fn execute(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<u64, Error> {
        self.statements += 1;
        Ok(0)
    }

    async fn row(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<Option<Found>, Error> {
        Ok(Some(Found(self.current, self.previous)))
    }

    async fn rows(&mut self, _: &'static str, _: &[Value<'_>]) -> Result<Vec<Found>, Error> {
        Ok(Vec::new())
    }
}

impl Row for Found {
    fn text(&self, _: usize) -> Result<String, Error> {
        Ok(self.0.to_owned())
    }

    fn optional_text(&self, _: usize) -> Result<Option<String>, Error> {
        Ok(self.1.map(str::to_owned))
    }

    fn integer(&self, _: usize) -> Result<i64, Error> {
        Ok(stored::time(at(1)))
    }

    fn flag(&self, _: usize) -> Result<bool, Error> {
        Ok(false)
    }
}

/// Rotates `r0` to `r1`, and returns the outcome and how many statements should have changed a row.
async fn rotate(
    current: &'static str,
    previous: Option<&'static str>,
    run: Run,
) -> (Result<RotateOutcome, Error>, u32) {
    let token = ids("alice", Some("session"), Some("r0"), at(0), at(1));
    let rotate = Rotate::from(&rotate_request(token, "r1", Duration::ZERO, None));
    let mut session = Session { current, previous, statements: 0 };
    let outcome = rotate.run(&mut session, run).await;
    (outcome, session.statements)
}

#[tokio::test]
async fn a_rotation_that_never_meets_its_own_token_is_an_error() {
    let (outcome, statements) = rotate("r0", None, Run::First).await;
    assert!(outcome.unwrap_err().to_string().contains("changes each time"));
    assert_eq!(statements, ROUNDS, "it has tried to rotate in each round");
}

#[tokio::test]
async fn a_replay_that_never_ends_the_session_is_an_error() {
    let (outcome, statements) = rotate("other", None, Run::First).await;
    assert!(outcome.unwrap_err().to_string().contains("changes each time"));
    assert_eq!(statements, 2 * ROUNDS, "it has tried to rotate and to end the session in each round");
}

#[tokio::test]
async fn a_rotation_that_succeeded_in_its_first_run_is_no_replay() {
    let (outcome, _) = rotate("r1", Some("0 2:r0"), Run::Second).await;
    assert_eq!(outcome.unwrap(), RotateOutcome::Rotated);
}

#[tokio::test]
async fn another_rotation_before_the_second_run_is_a_replay() {
    let (outcome, _) = rotate("other", Some("0 2:r0"), Run::Second).await;
    assert!(outcome.is_err(), "the session cannot be ended here");
}
