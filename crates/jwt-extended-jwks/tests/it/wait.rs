//! Awaits without a runtime, as any executor would.

use std::{
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

use jwt_extended::jose::KeySource;
use jwt_extended_jwks::{FetchFailure, RemoteKeys};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(thread::current())))
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let (mut future, waker) = (pin!(future), waker());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park();
    }
}

/// Polls all of them until each is ready, and calls the function when each has been polled once.
pub(crate) fn join_all<'a>(mut futures: Vec<Pin<Box<dyn Future<Output = ()> + Send + 'a>>>, polled: impl FnOnce()) {
    let waker = waker();
    let mut polled = Some(polled);
    loop {
        futures.retain_mut(|future| future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        if let Some(polled) = polled.take() {
            polled();
        }
        if futures.is_empty() {
            return;
        }
        thread::park();
    }
}

/// Renews, or waits for the renewal that is in flight.
pub(crate) fn renew(keys: &RemoteKeys) {
    block_on(keys.renew());
}

/// The kids of the current keys, or nothing if there are none to use.
pub(crate) fn kids(keys: &RemoteKeys) -> Option<Vec<String>> {
    let ring = keys.current()?;
    Some(ring.verifying_keys().iter().map(|key| key.kid().unwrap_or_default().to_owned()).collect())
}

/// Why the keys cannot be fetched.
pub(crate) fn refusal(keys: &RemoteKeys) -> FetchFailure {
    keys.ready_blocking().unwrap_err().why
}
