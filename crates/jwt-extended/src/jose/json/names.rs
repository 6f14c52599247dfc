//! The names seen in one object, for finding duplicates.

use std::{borrow::Cow, collections::HashSet};

/// The names seen in one object.
///
/// Up to 16 names are compared one by one, behind a 64-bit filter. More go into a hash set, so that the cost stays
/// proportional to the object's length.
pub(super) struct Names<'a> {
    filter: u64,
    few: [&'a str; FEW],
    len: usize,
    many: Option<HashSet<Cow<'a, str>>>,
}

const FEW: usize = 16;

impl<'a> Names<'a> {
    pub(super) const fn new() -> Self {
        Self { filter: 0, few: [""; FEW], len: 0, many: None }
    }

    /// Adds a name. Returns `false` if it was present already.
    pub(super) fn insert(&mut self, name: Cow<'a, str>) -> bool {
        if let Some(many) = &mut self.many {
            return many.insert(name);
        }
        match name {
            Cow::Borrowed(name) if self.len < FEW => {
                let bit = 1_u64 << (filter_hash(name) % 64);
                if self.filter & bit != 0 && self.few[..self.len].contains(&name) {
                    return false;
                }
                self.filter |= bit;
                self.few[self.len] = name;
                self.len += 1;
                true
            }
            name => {
                let mut many: HashSet<_> = self.few[..self.len].iter().map(|name| Cow::Borrowed(*name)).collect();
                let new = many.insert(name);
                self.many = Some(many);
                new
            }
        }
    }
}

/// Spreads the usual claim names over the filter. A collision costs only a comparison.
fn filter_hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    match (bytes.first(), bytes.last()) {
        (Some(first), Some(last)) => usize::from(*first) * 7 + usize::from(*last) * 31 + bytes.len(),
        _ => 0,
    }
}
