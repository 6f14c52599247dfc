//! [`Feed`]: how a store tells its processes what was revoked, and the loop that follows one.

use std::{future::Future, sync::Weak, time::Duration};

use sha2::{Digest as _, Sha256};

use super::known::Known;
use crate::{session::StoreError, time::Timestamp};

/// How long the loop waits for changes at most. A feed that is lost is noticed after that.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long the loop lets changes gather at most, so that many of them take few reads.
const LONGEST_GATHERING: Duration = Duration::from_millis(100);
/// The pauses before it tries again: the first, and the longest after which they double no more.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Something that a store has done. A follower asks the store about what it names, so one too many does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A session has ended, or ends earlier than before.
    Session(String),
    /// All sessions or tokens of a subject may have ended.
    Subject(SubjectDigest),
    /// A token was revoked.
    Token {
        /// Its id.
        jti: String,
        /// When it expires; `None` for never.
        until: Option<Timestamp>,
    },
}

/// The first 128 bits of a subject's SHA-256, so that a feed need not contain subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a store makes it from what its feed contains")]
pub struct SubjectDigest(pub [u8; 16]);

impl SubjectDigest {
    /// Returns the digest of a subject.
    pub fn of(subject: &str) -> Self {
        let mut first = [0; 16];
        first.iter_mut().zip(Sha256::digest(subject.as_bytes())).for_each(|(first, byte)| *first = byte);
        Self(first)
    }

    /// Returns 32 bits of it. If two subjects share them, the store is asked once too often.
    pub(super) fn tag(self) -> u32 {
        let [first, second, third, fourth, ..] = self.0;
        u32::from_le_bytes([first, second, third, fourth])
    }
}

/// What a store tells the processes that follow it.
///
/// A store implements it on a connection of its own. An error makes the follower ask the store each time until it has
/// started again.
pub trait Feed: Send + 'static {
    /// Connects, takes a place in the feed, and then reads the revoked tokens that have not expired. From then on,
    /// [`read`](Self::read) returns all changes after that place.
    ///
    /// # Errors
    /// If the store does not answer, or writes no feed.
    fn start(&mut self) -> impl Future<Output = Result<Vec<Change>, StoreError>> + Send;

    /// Waits until there are changes, at most for this time.
    ///
    /// # Errors
    /// If the feed is lost.
    fn wait(&mut self, at_most: Duration) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Returns all changes since the last read. All that the store had done when this was called are among them.
    ///
    /// # Errors
    /// If changes may be missing, or the store does not answer in time.
    fn read(&mut self) -> impl Future<Output = Result<Vec<Change>, StoreError>> + Send;

    /// Sleeps.
    fn sleep(&self, time: Duration) -> impl Future<Output = ()> + Send;
}

/// Follows a feed until the memory is dropped.
pub(super) async fn follow(known: Weak<Known>, mut feed: impl Feed) {
    let mut pause = FIRST_PAUSE;
    loop {
        match follow_once(&known, &mut feed, &mut pause).await {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, "the store's feed is lost, so each check asks the store"),
        }
        let Some(lost) = known.upgrade() else { return };
        lost.lose();
        drop(lost);
        feed.sleep(pause).await;
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Follows a feed until it is lost, which is an error, or the memory is dropped.
async fn follow_once(known: &Weak<Known>, feed: &mut impl Feed, pause: &mut Duration) -> Result<(), StoreError> {
    let Some((staleness, moment)) = known.upgrade().map(|known| (known.staleness(), known.moment())) else {
        return Ok(());
    };
    if staleness.is_zero() {
        return Ok(());
    }
    let changes = feed.start().await?;
    let Some(restarted) = known.upgrade() else { return Ok(()) };
    restarted.restart(&changes);
    let mut is_complete = restarted.confirm(moment);
    drop((restarted, changes));
    tracing::info!(?staleness, "following the store's feed");
    while is_complete {
        // Three in a row are within the bound, so that a read may be a little late.
        feed.wait((staleness / 3).clamp(Duration::from_millis(1), LONGEST_WAIT)).await?;
        let Some(moment) = known.upgrade().map(|known| known.moment()) else { return Ok(()) };
        let changes = feed.read().await?;
        let Some(known) = known.upgrade() else { return Ok(()) };
        for change in &changes {
            known.apply(change);
        }
        is_complete = known.confirm(moment);
        drop(known);
        *pause = FIRST_PAUSE;
        if !changes.is_empty() {
            feed.sleep((staleness / 50).min(LONGEST_GATHERING)).await;
        }
    }
    // Expired ones may make room, but not soon.
    *pause = LONGEST_PAUSE;
    Err(StoreError::Unavailable("there are more revoked tokens than the denylist's capacity".to_owned()))
}
