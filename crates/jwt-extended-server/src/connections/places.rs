//! The places for connections: counts them, and makes room by closing the connection that has waited longest for its
//! client.
//!
//! It knows nothing of HTTP and of time limits.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, timeout_at},
};

use crate::metrics::Connections;

/// How long a newcomer is held if there is no room.
const PATIENCE: Duration = Duration::from_secs(1);

/// The places for connections.
pub(super) struct Places {
    metrics: Connections,
    limit: usize,
    state: Mutex<State>,
    /// Tells the newcomer that there may be room. Only one waits at a time.
    room: Notify,
}

#[derive(Default)]
struct State {
    /// How many places are taken, also by connections that are being closed.
    taken: usize,
    /// How many of them are being closed to make room.
    closing: usize,
    next: u64,
    /// The connections that wait for their client, the longest first.
    waiting: BTreeMap<u64, Arc<Notify>>,
}

/// A place, which is free again when dropped.
pub(super) struct Place {
    places: Arc<Places>,
    turn: Mutex<Option<u64>>,
    closed: Arc<Notify>,
}

impl Places {
    pub(super) fn new(limit: NonZeroUsize, metrics: Connections) -> Arc<Self> {
        metrics.set_limit(limit.get());
        Arc::new(Self { metrics, limit: limit.get(), state: Mutex::default(), room: Notify::new() })
    }

    /// Takes a place if one is free.
    pub(super) fn take_free(self: &Arc<Self>) -> Option<Place> {
        let mut state = locked(&self.state);
        if state.taken >= self.limit {
            return None;
        }
        state.taken += 1;
        self.metrics.count_accepted();
        self.show(&state);
        Some(Place { places: self.clone(), turn: Mutex::default(), closed: Arc::default() })
    }

    /// Takes a place for which another connection is closed. Returns `None` if there is no room for a second, because
    /// every connection has a request in work.
    pub(super) async fn take(self: &Arc<Self>) -> Option<Place> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(place) = self.take_free() {
                return Some(place);
            }
            self.make_room();
            timeout_at(deadline, self.room.notified()).await.ok()?;
        }
    }

    /// Closes the connection that has waited longest, unless one is being closed already. Returns at once.
    pub(super) fn make_room(&self) {
        let mut state = locked(&self.state);
        if state.closing > 0 {
            return;
        }
        if let Some((_, longest)) = state.waiting.pop_first() {
            state.closing += 1;
            self.metrics.count_closed_for_room();
            longest.notify_one();
        }
    }

    pub(super) fn metrics(&self) -> &Connections {
        &self.metrics
    }

    fn show(&self, state: &State) {
        self.metrics.set_open(state.taken, state.waiting.len());
    }

    /// Waits until there may be room.
    pub(super) async fn room(&self) {
        self.room.notified().await;
    }

    /// Returns how many places are taken, and how many of their connections wait for their client.
    pub(super) fn count(&self) -> (usize, usize) {
        let state = locked(&self.state);
        (state.taken, state.waiting.len())
    }
}

impl Place {
    /// Notes that the connection waits for its client from now on, so that it may be closed for a newcomer. One that
    /// waits already keeps its turn.
    pub(super) fn wait(&self) {
        let mut turn = locked(&self.turn);
        if turn.is_some() {
            return;
        }
        let mut state = locked(&self.places.state);
        let next = state.next;
        state.next += 1;
        state.waiting.insert(next, self.closed.clone());
        *turn = Some(next);
        self.places.show(&state);
        if state.taken >= self.places.limit {
            self.places.room.notify_one();
        }
    }

    /// Notes that the connection has work to do, so that it stays open.
    pub(super) fn work(&self) {
        let mut turn = locked(&self.turn);
        // One that is being closed keeps its turn, by which its end is recognized.
        let Some(waiting) = *turn else { return };
        let mut state = locked(&self.places.state);
        if state.waiting.remove(&waiting).is_some() {
            *turn = None;
            self.places.show(&state);
        }
    }

    /// Waits until the connection must close for a newcomer.
    pub(super) async fn closed(&self) {
        self.closed.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let turn = *locked(&self.turn);
        let mut state = locked(&self.places.state);
        state.taken -= 1;
        if turn.is_some_and(|turn| state.waiting.remove(&turn).is_none()) {
            state.closing -= 1;
        }
        self.places.show(&state);
        self.places.room.notify_one();
    }
}

/// Locks. No code panics while it holds a lock, so the contents are whole.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(limit: usize) -> Arc<Places> {
        Places::new(NonZeroUsize::new(limit).unwrap(), Connections::default())
    }

    #[tokio::test(start_paused = true)]
    async fn the_connection_that_waited_longest_makes_room() {
        let places = places(2);
        let [older, newer] = [(); 2].map(|()| places.take_free().unwrap());
        newer.wait();
        older.wait();
        newer.work();
        newer.wait();
        older.wait();
        assert!(places.take_free().is_none());
        let ending = tokio::spawn(async move { older.closed().await });
        assert!(places.take().await.is_some());
        ending.await.unwrap();
        assert_eq!(places.count(), (1, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_with_work_is_not_closed_for_another() {
        let places = places(1);
        let place = places.take_free().unwrap();
        place.wait();
        place.work();
        let began = Instant::now();
        assert!(places.take().await.is_none());
        assert_eq!(began.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_newcomer_gets_the_place_of_one_that_ends_or_waits() {
        for ends in [true, false] {
            let places = places(1);
            let place = places.take_free().unwrap();
            let other = tokio::spawn(async move {
                tokio::time::sleep(PATIENCE / 2).await;
                if !ends {
                    place.wait();
                    place.closed().await;
                }
            });
            assert!(places.take().await.is_some(), "ends: {ends}");
            other.await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_newcomer_closes_only_one_connection() {
        let places = places(3);
        let taken = [(); 3].map(|()| places.take_free().unwrap());
        taken.iter().for_each(Place::wait);
        places.make_room();
        places.make_room();
        assert_eq!(places.count(), (3, 2));
        // One that is being closed changes nothing by a last request.
        taken[0].work();
        taken[0].wait();
        drop(taken);
        assert_eq!(places.count(), (0, 0));
        places.make_room();
    }
}
