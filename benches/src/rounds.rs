//! Measures programs in turns, and prints a table of medians and ratios.

use std::{
    fmt::{self, Write as _},
    time::{Duration, Instant},
};

use jwt_extended_benches::median;

/// What is measured. Each call does it once.
pub(crate) type Program = Box<dyn FnMut()>;

/// How long a program runs in each round.
const TURN: Duration = Duration::from_millis(4);

/// A table: the engine beside others.
pub(crate) struct Table<const N: usize> {
    others: [&'static str; N],
    rows: Vec<String>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(others: [&'static str; N]) -> Self {
        Self { others, rows: Vec::new() }
    }

    /// Measures the engine beside the others, in turns.
    pub(crate) fn row(&mut self, name: &str, rounds: u32, mut ours: Program, mut others: [Option<Program>; N]) {
        // The first run may set something up.
        ours();
        let allocations = allocation_counter::measure(&mut ours).count_total;
        let counts = (count(&mut ours), others.each_mut().map(|other| other.as_mut().map(count)));
        let (mut own, mut times, mut ratios) = (Vec::new(), [const { Vec::new() }; N], [const { Vec::new() }; N]);
        for _ in 0..rounds {
            let mine = time(&mut ours, counts.0);
            own.push(mine);
            for (place, other) in others.iter_mut().enumerate() {
                let (Some(other), Some(count)) = (other, counts.1[place]) else { continue };
                let theirs = time(other, count);
                times[place].push(theirs);
                ratios[place].push(mine / theirs);
            }
        }
        let mut row = format!("| {name} | {} | {allocations} |", nanoseconds(median(&mut own)));
        for (times, ratios) in times.iter_mut().zip(&mut ratios) {
            if times.is_empty() {
                row.push_str(" – | – |");
                continue;
            }
            let (middle, time) = (median(ratios), nanoseconds(median(times)));
            // Sorted by `median`.
            let (lowest, highest) = (ratios[0], ratios[ratios.len() - 1]);
            // Writing to a string never fails.
            let _ = write!(row, " {time} | {middle:.3} ({lowest:.3} to {highest:.3}) |");
        }
        self.rows.push(row);
    }
}

impl<const N: usize> fmt::Display for Table<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "| algorithm | jwt-extended | allocations |")?;
        for other in self.others {
            write!(f, " {other} | ratio |")?;
        }
        writeln!(f, "\n|---|---|---|{}", "---|---|".repeat(N))?;
        self.rows.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}

/// Returns how often a program runs in a turn.
fn count(program: &mut Program) -> u32 {
    let mut count = 1;
    loop {
        let taken = time(program, count) * f64::from(count);
        if taken > TURN.as_secs_f64() * 1e9 / 4.0 {
            let one = (taken / f64::from(count)).max(1.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a turn has few repetitions")]
            return ((TURN.as_secs_f64() * 1e9 / one) as u32).max(1);
        }
        count *= 2;
    }
}

/// Returns how long one run takes, in nanoseconds.
fn time(program: &mut Program, count: u32) -> f64 {
    let started = Instant::now();
    for _ in 0..count {
        program();
    }
    started.elapsed().as_secs_f64() * 1e9 / f64::from(count)
}

fn nanoseconds(time: f64) -> String {
    if time < 10_000.0 { format!("{time:.0} ns") } else { format!("{:.1} µs", time / 1000.0) }
}
