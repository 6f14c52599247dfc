//! What a process uses, by Linux's `/proc`.

use std::{fmt, fs};

/// What a process uses.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Resident memory, in KiB.
    memory: u32,
    files: usize,
    threads: u32,
}

impl Usage {
    pub(crate) fn of(process: u32) -> Self {
        let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        let files = fs::read_dir(format!("/proc/{process}/fd")).unwrap().count();
        Self { memory: field("VmRSS:"), files, threads: field("Threads:") }
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} MiB, {} files, {} threads", f64::from(self.memory) / 1024.0, self.files, self.threads)
    }
}

/// Returns by how many percent the memory has grown, from the second fifth of the time to the last. `None` if there are
/// too few figures.
pub(crate) fn growth(usages: &[Usage]) -> Option<f64> {
    let fifth = usages.len() / 5;
    let median = |part: &[Usage]| {
        let mut memory: Vec<_> = part.iter().map(|usage| usage.memory).collect();
        memory.sort_unstable();
        f64::from(memory[memory.len() / 2])
    };
    let parts = (fifth > 0).then(|| (&usages[fifth..2 * fifth], &usages[usages.len() - fifth..]))?;
    Some((median(parts.1) / median(parts.0) - 1.0) * 100.0)
}
