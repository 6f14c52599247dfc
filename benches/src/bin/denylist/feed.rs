//! Simulates the followers of a feed in Redis: what they send, and how long after a revocation each process knows it.
//!
//! A follower waits until something changes, at most a third of the bound. Then it reads, and lets changes gather for a
//! fiftieth of the bound, at most 100 ms. Nobody is certain of more than the network: a command takes 0.5 ms at the
//! median and a hundred times that now and then, one in 10,000 stalls for up to two seconds, and each connection dies
//! silently once an hour. Then a command fails after a second, and the follower starts again.

use std::fmt::Write as _;

use crate::{ENDS, PROCESSES, Random};

/// How long is simulated, in seconds.
const LASTS: f64 = 3600.0;
/// The time limit of the store.
const LIMIT: f64 = 1.0;
/// Bytes of a command and its answer on the wire: `XREAD` that is woken, or is not; `XRANGE` alone and per change.
const WOKEN: f64 = 104.0 + 151.0;
const NOT_WOKEN: f64 = 104.0 + 5.0;
const RANGE: f64 = 87.0 + 88.0;
const CHANGE: f64 = 97.0;

/// What one follower has done.
#[derive(Default)]
struct Totals {
    commands: f64,
    bytes: f64,
    /// For how long the process has asked the store instead.
    asking: f64,
    /// How long each change took to be known.
    staleness: Vec<f64>,
}

pub(crate) fn table() -> String {
    let mut random = Random(3);
    let mut changes = Vec::new();
    let mut at = random.until_next(ENDS);
    while at < LASTS {
        changes.push(at);
        at += random.until_next(ENDS);
    }
    let mut table = format!(
        "{ENDS:.1} sessions end each second.\n\n| bound | commands a second | kB a second | median | 99 % | 99.99 % | \
         longest | asks the store |\n|---|---|---|---|---|---|---|---|\n"
    );
    for bound in [0.25, 1.0, 5.0, 30.0] {
        let mut all = Totals::default();
        for _ in 0..PROCESSES {
            follow(&mut all, &changes, bound, &mut random);
        }
        all.staleness.sort_by(f64::total_cmp);
        let of = |share: f64| seconds(all.staleness[((all.staleness.len() - 1) as f64 * share) as usize]);
        let asks = 100.0 * all.asking / LASTS / PROCESSES as f64;
        let (commands, bytes) = (all.commands / LASTS, all.bytes / LASTS / 1000.0);
        let _ = writeln!(
            table,
            "| {} | {commands:.0} | {bytes:.0} | {} | {} | {} | {} | {asks:.2} % of the time |",
            seconds(bound),
            of(0.5),
            of(0.99),
            of(0.9999),
            of(1.0)
        );
        assert!(all.staleness.last().is_some_and(|longest| *longest <= bound), "the bound holds");
    }
    table
}

/// Simulates one follower.
fn follow(all: &mut Totals, changes: &[f64], bound: f64, random: &mut Random) {
    let (wait, gather) = (bound / 3.0, (bound / 50.0).min(0.1));
    let (mut now, mut known, mut confirmed) = (0.0, 0, 0.0);
    let mut dies = random.until_next(1.0 / LASTS);
    while now < LASTS {
        let next = changes.get(known).copied().unwrap_or(f64::INFINITY);
        // It waits, and is woken by a change.
        let is_woken = next <= now + wait;
        let woken = if is_woken { next.max(now) } else { now + wait } + trip(random);
        let moment = woken;
        let read = moment + trip(random);
        all.commands += 2.0;
        all.bytes += if is_woken { WOKEN } else { NOT_WOKEN } + RANGE;
        if read > dies {
            // Nothing arrives any more. The command in flight fails. The memory counts until then, within the bound.
            let lost = now.max(dies) + LIMIT + if dies < woken { wait } else { 0.0 };
            let counts_until = lost.min(confirmed + bound);
            now = lost + 0.05 + 3.0 * trip(random);
            while changes.get(known).is_some_and(|&change| change <= now) {
                all.staleness.push((counts_until - changes[known]).max(0.0));
                known += 1;
            }
            all.asking += now - counts_until;
            // The commands of a new start.
            all.commands += 3.0;
            (confirmed, dies) = (now, now + random.until_next(1.0 / LASTS));
            continue;
        }
        // An answer that comes later than the bound is not waited for: the process asks the store meanwhile.
        let counts_until = read.min(confirmed + bound);
        all.asking += read - counts_until;
        let before = known;
        while changes.get(known).is_some_and(|&change| change <= moment) {
            all.staleness.push((counts_until - changes[known]).max(0.0));
            known += 1;
        }
        all.bytes += CHANGE * (known - before) as f64;
        (confirmed, now) = (moment, if known > before { read + gather } else { read });
    }
}

/// Returns how long a command and its answer take.
fn trip(random: &mut Random) -> f64 {
    if random.unit() < 1e-4 {
        return 2.0 * random.unit();
    }
    0.0005 * (1.2 * random.normal()).exp()
}

fn seconds(time: f64) -> String {
    if time < 1.0 { format!("{:.1} ms", time * 1000.0) } else { format!("{time:.2} s") }
}
