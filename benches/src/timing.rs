//! Whether the time of a check depends on its input: Welch's t-test on two kinds of input, in the manner of dudect
//! (Reparaz, Balasch and Verbauwhede 2017). Knows nothing of what is checked.

use std::{hint::black_box, time::Instant};

use jwt_extended::test_util::sessions::Random;

/// The limit of dudect: a value of |t| below it shows no difference.
pub const LIMIT: f64 = 4.5;
/// The part of the measurements that counts, in percent: the fastest ones. Other programs make the others.
const KEPT: usize = 90;

/// Measures a check with two kinds of input, which take turns at random, and returns t. In each measurement the check
/// runs `repeated` times.
#[allow(clippy::cast_precision_loss, reason = "counts and times are far below 2^52")]
pub fn welch(measurements: usize, repeated: usize, inputs: [&str; 2], mut check: impl FnMut(&str) -> bool) -> f64 {
    // The same in each run.
    let mut random = Random::new(0x9e37_79b9_7f4a_7c15);
    let mut times = Vec::with_capacity(measurements);
    for _ in 0..measurements {
        let kind = random.below(2);
        let input = inputs[kind];
        let start = Instant::now();
        for _ in 0..repeated {
            black_box(check(black_box(input)));
        }
        times.push((start.elapsed().as_nanos() as f64, kind));
    }
    let mut sorted: Vec<f64> = times.iter().map(|(time, _)| *time).collect();
    sorted.sort_by(f64::total_cmp);
    let limit = sorted[sorted.len() * KEPT / 100];
    let of = |wanted: usize| {
        times.iter().filter(move |(time, kind)| *kind == wanted && *time <= limit).map(|(time, _)| *time)
    };
    let [(n0, mean0, variance0), (n1, mean1, variance1)] = [0, 1].map(|kind| {
        let count = of(kind).count() as f64;
        let mean = of(kind).sum::<f64>() / count;
        (count, mean, of(kind).map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0))
    });
    (mean0 - mean1) / (variance0 / n0 + variance1 / n1).sqrt()
}
