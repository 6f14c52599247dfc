//! Simulates how often the processes ask the store whether a token is good.
//!
//! A tenth of the users is simulated; every figure is proportional to their number.

use std::fmt::Write as _;

use crate::{PROCESSES, REFRESH, REQUESTS_EACH, Random, SESSION, USERS};

const SHARE: usize = 10;
const LASTS: usize = 8 * 3600;
/// The seconds whose questions are counted together: from, and to.
const WINDOWS: [(&str, usize, usize); 5] = [
    ("first ten seconds", 0, 10),
    ("second minute", 60, 120),
    ("minute 15", 840, 900),
    ("minute 60", 3540, 3600),
    ("hour 8", 7 * 3600, 8 * 3600),
];

pub(crate) fn table() -> String {
    let mut table =
        "| after all processes have started | without denylist | with it | with an idle limit of 30 min |\n\
                     |---|---|---|---|\n"
            .to_owned();
    let (without_limit, with_limit) = (simulate(None), simulate(Some(1800)));
    for (at, (name, ..)) in WINDOWS.iter().enumerate() {
        let all = USERS as f64 * REQUESTS_EACH;
        let _ = writeln!(table, "| {name} | {all:.0} | {:.0} | {:.0} |", without_limit[at], with_limit[at]);
    }
    table
}

/// Returns the questions a second in each window.
fn simulate(idle: Option<u16>) -> [f64; 5] {
    let (users, mut random) = (USERS / SHARE, Random(2));
    // Until when each process vouches for the session of each user, in seconds.
    let mut vouched = vec![0_u16; users * PROCESSES];
    let mut refreshed: Vec<u16> = vec![0; users];
    let mut asked = [0_u64; 5];
    for second in 0..LASTS {
        let now = second as u16;
        let times = |random: &mut Random, rate: f64| rate as usize + usize::from(random.unit() < rate.fract());
        // Sessions that end; their users log in again.
        for _ in 0..times(&mut random, users as f64 / SESSION) {
            let user = random.below(users);
            vouched[user * PROCESSES..(user + 1) * PROCESSES].fill(0);
            refreshed[user] = now;
        }
        // A process forgets a session whose refresh it has passed on.
        for _ in 0..times(&mut random, users as f64 / REFRESH) {
            let user = random.below(users);
            vouched[user * PROCESSES + random.below(PROCESSES)] = 0;
            refreshed[user] = now;
        }
        for _ in 0..times(&mut random, users as f64 * REQUESTS_EACH) {
            let user = random.below(users);
            let until = &mut vouched[user * PROCESSES + random.below(PROCESSES)];
            if *until <= now {
                // The session ends that long after its last refresh, which is soon after a request.
                *until = idle.map_or(u16::MAX, |idle| (refreshed[user] + idle).max(now + 1));
                for (count, (_, from, to)) in asked.iter_mut().zip(WINDOWS) {
                    *count += u64::from((from..to).contains(&second));
                }
            }
        }
    }
    let mut rates = [0.0; 5];
    for ((rate, count), (_, from, to)) in rates.iter_mut().zip(asked).zip(WINDOWS) {
        *rate = (count as usize * SHARE) as f64 / (to - from) as f64;
    }
    rates
}
