//! Times in words: `5 minutes ago`, `30 seconds`, and the form for programs beside them.

use jwt_extended_axum::jwt_extended::Timestamp;

use super::texts::{Texts, fill};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

impl Texts {
    /// Returns how long ago a time was.
    pub(super) fn ago(&self, time: Timestamp, now: Timestamp) -> String {
        let seconds = now.as_secs().saturating_sub(time.as_secs());
        let (one, many, unit) = match seconds {
            ..MINUTE => return self.now.clone(),
            MINUTE..HOUR => (&self.minute_ago, &self.minutes_ago, MINUTE),
            HOUR..DAY => (&self.hour_ago, &self.hours_ago, HOUR),
            _ => (&self.day_ago, &self.days_ago, DAY),
        };
        match seconds / unit {
            1 => one.clone(),
            count => fill(many, "count", &count.to_string()),
        }
    }

    /// Returns how long somebody has to wait. From two minutes on, in minutes.
    pub(super) fn duration(&self, seconds: u32) -> String {
        match seconds {
            1 => self.second.clone(),
            ..120 => fill(&self.seconds, "count", &seconds.to_string()),
            _ => fill(&self.minutes, "count", &seconds.div_ceil(60).to_string()),
        }
    }
}

/// Writes a time for programs: `2026-11-26T21:05:00Z`.
pub(super) fn iso(time: Timestamp) -> String {
    let seconds = time.as_secs();
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / HOUR, seconds % HOUR / MINUTE, seconds % MINUTE);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Returns year, month and day of a day since 1970. Years begin in March, so that the leap day is the last one, and
/// months alternate in groups of five with 153 days.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_ERA: u64 = 146_097;
    // From the first of March of the year 0.
    let days = days + 719_468;
    let (era, day_of_era) = (days / DAYS_OF_ERA, days % DAYS_OF_ERA);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year_of_era + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{super::texts::Languages, *};

    fn english(test: impl FnOnce(&Texts)) {
        let languages = Languages::new(BTreeMap::new(), None).unwrap();
        test(languages.preferred(None).unwrap().1);
    }

    #[test]
    fn times_are_told_in_the_largest_unit() {
        let now = Timestamp::from_secs(1_800_000_000);
        english(|texts| {
            for (seconds, said) in [
                (0, "just now"),
                (59, "just now"),
                (60, "a minute ago"),
                (3599, "59 minutes ago"),
                (3600, "an hour ago"),
                (86_399, "23 hours ago"),
                (86_400, "a day ago"),
                (864_000, "10 days ago"),
            ] {
                assert_eq!(texts.ago(Timestamp::from_secs(1_800_000_000 - seconds), now), said);
            }
            assert_eq!(texts.ago(Timestamp::from_secs(1_800_000_009), now), "just now", "a clock that is ahead");
        });
    }

    #[test]
    fn waiting_is_told_in_seconds_and_then_in_minutes() {
        english(|texts| {
            for (seconds, said) in [(1, "1 second"), (30, "30 seconds"), (119, "119 seconds"), (121, "3 minutes")] {
                assert_eq!(texts.duration(seconds), said);
            }
        });
    }

    #[test]
    fn a_time_for_programs_is_in_utc() {
        for (seconds, written) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(iso(Timestamp::from_secs(seconds)), written);
        }
    }
}
