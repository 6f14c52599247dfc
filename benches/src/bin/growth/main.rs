//! Measures how the cost of a guarded request grows: with the token, the keys, the revocations, the threads and the
//! user's sessions. `cargo xtask growth` runs it, and it draws a plot of each into docs/growth.
//!
//! Every figure is the median of rounds in which each size is measured once, in turns, so that a machine whose speed
//! changes bends no curve. The bars are the tenth and the ninetieth of a hundred.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for developers")]

mod cases;
mod plot;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use plot::{Plot, Point};

/// How long each size is measured in a round.
const TURN: Duration = Duration::from_millis(10);

/// What is measured: it does the work this many times, and returns how long that took.
type Program = Box<dyn FnMut(u32) -> Duration>;

/// A curve: programs by their size.
struct Case {
    name: &'static str,
    title: &'static str,
    /// What grows.
    along: &'static str,
    /// The unit of the figures.
    up: &'static str,
    programs: Vec<(u64, Program)>,
    /// Makes the figure from the nanoseconds of one run.
    figure: fn(f64) -> f64,
}

impl Case {
    /// Makes a curve of the time that one run takes.
    fn of_times(name: &'static str, title: &'static str, along: &'static str, programs: Vec<(u64, Program)>) -> Self {
        Self { name, title, along, up: "ns", programs, figure: |nanoseconds| nanoseconds }
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap_or_else(|| "docs/growth".to_owned());
    let rounds = arguments.next().and_then(|rounds| rounds.parse().ok()).unwrap_or(61);
    std::fs::create_dir_all(&folder).unwrap();
    for make in cases::ALL {
        let case = make();
        let plot = Plot { title: case.title, along: case.along, up: case.up };
        let name = case.name;
        let points = measure(case, rounds);
        for Point { size, low, middle, high } in &points {
            println!("{name} {size}: {middle:.0} ({low:.0} to {high:.0}) {}", plot.up);
        }
        plot.draw(&Path::new(&folder).join(format!("{name}.svg")), &points).unwrap();
    }
}

/// Measures all sizes in turns.
fn measure(case: Case, rounds: usize) -> Vec<Point> {
    let Case { mut programs, figure, .. } = case;
    let counts: Vec<_> = programs.iter_mut().map(|(_, program)| count(program)).collect();
    let mut figures = vec![Vec::with_capacity(rounds); programs.len()];
    for _ in 0..rounds {
        for (((_, program), count), figures) in programs.iter_mut().zip(&counts).zip(&mut figures) {
            figures.push(figure(program(*count).as_secs_f64() * 1e9 / f64::from(*count)));
        }
    }
    let sizes = programs.iter().map(|(size, _)| *size);
    sizes.zip(figures).map(|(size, figures)| Point::of(size, figures)).collect()
}

/// Returns how often a program runs in a turn: often enough that the start of threads is nothing beside it.
fn count(program: &mut Program) -> u32 {
    let mut count = 10_000;
    while program(count) < TURN / 2 {
        count *= 2;
    }
    count
}

/// Runs a program so many times, one after the other.
fn repeat(mut once: impl FnMut() + 'static) -> Program {
    Box::new(move |count| {
        let started = Instant::now();
        for _ in 0..count {
            once();
        }
        started.elapsed()
    })
}
