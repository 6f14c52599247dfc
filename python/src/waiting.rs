//! Waits for futures in a thread of Python's, between whose polls other Python code may run in the same thread.
//!
//! Under gevent, many greenlets share a thread. If a callback of the app lets another greenlet run, that greenlet may
//! wait here as well, and both end in any order. Tokio's `block_on` and `enter` panic then, because a thread may be
//! inside of a runtime only once, and must leave it in reverse order. So no runtime is entered while Python code may
//! run: a future enters it for each of its polls ([`Within`]), and the thread is parked here.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};

use pyo3::Python;
use tokio::runtime::Handle;

/// Whether the future that is waited for calls Python code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Callbacks {
    /// It does not, apart from the clock: all polls but the first happen without Python's lock.
    None,
    /// It does. A thread counts how often it took the lock, and the count is only right in the end if Python code never
    /// runs inside of `detach`, so all polls happen with the lock.
    Some,
}

/// Polls a future until it is ready, and parks the thread in between, without Python's lock. Returns `None` at the
/// deadline.
pub(crate) fn wait_until<T: Send>(
    py: Python<'_>,
    deadline: Instant,
    callbacks: Callbacks,
    mut future: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Option<T> {
    let signal = Arc::new(Signal { thread: thread::current(), is_set: AtomicBool::new(false) });
    let waker = Waker::from(Arc::clone(&signal));
    let mut poll = || match future.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    };
    // The first poll happens with Python's lock, because the clock needs it.
    if let Some(value) = poll() {
        return Some(value);
    }
    if callbacks == Callbacks::None {
        return py.detach(|| {
            while signal.wait(deadline) {
                if let Some(value) = poll() {
                    return Some(value);
                }
            }
            None
        });
    }
    while py.detach(|| signal.wait(deadline)) {
        if let Some(value) = poll() {
            return Some(value);
        }
    }
    None
}

/// Wakes a thread. Each wait has its own signal, because another one may use up that of the thread.
struct Signal {
    thread: Thread,
    is_set: AtomicBool,
}

impl Signal {
    /// Waits for the signal and takes it back. Returns whether it came before the deadline.
    fn wait(&self, deadline: Instant) -> bool {
        while !self.is_set.swap(false, Ordering::Acquire) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            thread::park_timeout(left);
        }
        true
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// A future that is inside of a runtime while it is polled or dropped, and at no other time.
pub(crate) struct Within<'a, T> {
    runtime: Handle,
    /// `None` only while it is dropped.
    future: Option<Pin<Box<dyn Future<Output = T> + Send + 'a>>>,
}

impl<'a, T> Within<'a, T> {
    pub(crate) fn new(runtime: Handle, future: impl Future<Output = T> + Send + 'a) -> Self {
        Self { runtime, future: Some(Box::pin(future)) }
    }
}

impl<T> Future for Within<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let this = &mut *self;
        let _entered = this.runtime.enter();
        this.future.as_mut().map_or(Poll::Pending, |future| future.as_mut().poll(context))
    }
}

impl<T> Drop for Within<'_, T> {
    fn drop(&mut self) {
        // Connections are given back by a task.
        let _entered = self.runtime.enter();
        self.future = None;
    }
}
