//! Watches one connection: what it is at, since when, and until when. It wraps the stream and the bodies of requests.
//!
//! It knows nothing of the other connections, except that a place tells it when to close.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::places::Place;
use crate::limits::Limits;

/// What a connection is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// It waits for the next request.
    Idle,
    /// It waits for the rest of a request's head.
    Head,
    /// It waits for the rest of a request's body, whose time limit the body keeps itself.
    Body,
    /// It works on an answer.
    Work,
    /// It sends the answer.
    Answer,
}

/// The phase of a connection, which its parts change.
pub(super) struct Watch {
    place: Place,
    limits: Limits,
    phase: Mutex<(Phase, Option<Instant>)>,
}

impl Watch {
    /// Begins with the wait for the head of the first request.
    pub(super) fn new(place: Place, limits: Limits) -> Arc<Self> {
        place.wait();
        Arc::new(Self { place, limits, phase: Mutex::new((Phase::Head, Some(Instant::now() + limits.head))) })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Returns when the connection must close.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Notes that the head of a request is complete.
    pub(super) fn begin_work(&self) {
        self.enter(Phase::Work, |_| true);
    }

    /// Notes that the answer is ready to be sent.
    pub(super) fn begin_answer(&self) {
        self.enter(Phase::Answer, |_| true);
    }

    /// Enters a phase, if the present one is fitting and not the same.
    fn enter(&self, phase: Phase, fits: impl Fn(Phase) -> bool) {
        let mut current = self.phase.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 == phase || !fits(current.0) {
            return;
        }
        let limit = match phase {
            Phase::Idle => Some(self.limits.idle),
            Phase::Head => Some(self.limits.head),
            Phase::Answer => Some(self.limits.body),
            Phase::Body | Phase::Work => None,
        };
        // The first byte of a head does not renew the turn: otherwise a byte now and then would keep a place.
        match phase {
            Phase::Head => {}
            Phase::Work | Phase::Answer => self.place.work(),
            Phase::Idle | Phase::Body => self.place.wait(),
        }
        *current = (phase, limit.map(|limit| Instant::now() + limit));
    }
}

/// A stream that notes when bytes of a head arrive, when an answer has been sent, and when its client does not read it.
pub(super) struct WatchedStream<S> {
    pub(super) stream: S,
    pub(super) watch: Arc<Watch>,
}

impl<S: AsyncRead + Unpin> AsyncRead for WatchedStream<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        if result.is_ready() {
            self.watch.enter(Phase::Head, |phase| phase == Phase::Idle);
        }
        result
    }
}

impl<S: AsyncWrite + Unpin> WatchedStream<S> {
    /// Lets a client that does not read its answer lose its place.
    fn note(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_pending() {
            self.watch.place.wait();
        }
        written
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WatchedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes after it has written the whole answer, because no answer of this server is streamed.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        self.watch.enter(Phase::Idle, |phase| phase == Phase::Answer);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Whether the body of a request has taken too long: an extension of the request.
#[derive(Clone, Default)]
pub(crate) struct LateBody(Arc<AtomicBool>);

impl LateBody {
    pub(crate) fn is_late(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body of a request, which fails if it takes too long.
pub(super) struct WatchedBody {
    body: Incoming,
    watch: Arc<Watch>,
    time: Pin<Box<Sleep>>,
    late: LateBody,
}

impl WatchedBody {
    pub(super) fn new(body: Incoming, watch: Arc<Watch>, late: LateBody) -> Self {
        let time = Box::pin(tokio::time::sleep(watch.limits.body));
        Self { body, watch, time, late }
    }
}

impl Body for WatchedBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            if frame.is_none() || self.body.is_end_stream() {
                self.watch.enter(Phase::Work, |phase| phase == Phase::Body);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        // Repeated, it changes nothing: a byte now and then does not renew the turn.
        self.watch.enter(Phase::Body, |phase| phase == Phase::Work);
        ready!(self.time.as_mut().poll(cx));
        self.late.0.store(true, Ordering::Relaxed);
        self.watch.enter(Phase::Work, |phase| phase == Phase::Body);
        Poll::Ready(Some(Err("the body took too long".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
