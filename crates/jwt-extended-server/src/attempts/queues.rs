//! Lets only a few attempts of one counter be checked at the same time, so that parallel logins of one user, each of
//! which counts until its password is checked, do not exceed the limit together.
//!
//! It knows names of counters, and nothing of what they count.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long an attempt waits for its turn before it is refused: as long as for the check of its password.
const PATIENCE: Duration = Duration::from_secs(5);

/// Too many attempts are waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

/// A queue for each counter that has attempts in flight. Cloning is cheap.
#[derive(Clone, Debug, Default)]
pub(super) struct Queues(Arc<Mutex<HashMap<String, Arc<Semaphore>>>>);

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    queues: Queues,
    name: String,
    /// `None` once it is given back.
    permit: Option<OwnedSemaphorePermit>,
    /// The queue, until the turn is dropped.
    semaphore: Option<Arc<Semaphore>>,
}

impl Queues {
    /// Waits for a turn, of which so many exist at once.
    pub(super) async fn turn(&self, name: &str, at_once: usize) -> Result<Turn, Busy> {
        let semaphore = {
            let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(queues.entry(name.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(at_once))))
        };
        // Made before the wait, so that it cleans up if the client disconnects meanwhile.
        let mut turn =
            Turn { queues: self.clone(), name: name.to_owned(), permit: None, semaphore: Some(Arc::clone(&semaphore)) };
        let permit = tokio::time::timeout(PATIENCE, semaphore.acquire_owned()).await;
        // The semaphore is never closed, so only the timeout can fail.
        let Ok(Ok(permit)) = permit else { return Err(Busy) };
        turn.permit = Some(permit);
        Ok(turn)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.permit = None;
        let mut queues = self.queues.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.semaphore = None;
        // Nobody else has the queue, and nobody can get it without the lock.
        if queues.get(&self.name).is_some_and(|queue| Arc::strong_count(queue) == 1) {
            queues.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_queue_admits_only_so_many_at_once() {
        let queues = Queues::default();
        let one = queues.turn("alice", 2).await.unwrap();
        let two = queues.turn("alice", 2).await.unwrap();
        assert_eq!(queues.turn("alice", 2).await.unwrap_err(), Busy);
        drop(one);
        let three = queues.turn("alice", 2).await.unwrap();
        drop((two, three));
        assert!(queues.0.lock().unwrap().is_empty(), "a queue without anybody is gone");
    }
}
