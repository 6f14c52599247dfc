//! Reads and writes the values of the keys, which are text. The scripts in `lua/` use the same format, which
//! `lua/common.lua` describes.

use jwt_extended::{
    Timestamp,
    session::{NewSession, Session},
};

use crate::connection::Failure;

/// How many digits a time has.
const TIME_LEN: usize = 18;
/// Stands for "no expiry", and is later than every time.
const NEVER: u64 = 999_999_999_999_999_999;

/// Writes a time: microseconds since 1970 in 18 digits, so that times compare like their texts.
pub(crate) fn time(time: Timestamp) -> String {
    format!("{:018}", time.as_micros())
}

/// Writes an expiry: a time, or 18 nines for never.
pub(crate) fn end(end: Option<Timestamp>) -> String {
    format!("{:018}", end.map_or(NEVER, Timestamp::as_micros))
}

/// Returns for how many milliseconds Redis keeps a key that is needed until `end`; an empty text means forever.
///
/// The TTL is relative, so clocks may differ. It is a second longer than needed, so Redis deletes no key too early.
pub(crate) fn ttl(end: Option<Timestamp>, now: Timestamp) -> String {
    let millis = |end: Timestamp| end.saturating_duration_since(now).as_micros().div_ceil(1000) + 1000;
    end.map(millis).map_or_else(String::new, |millis| millis.to_string())
}

/// Writes a new session.
pub(crate) fn session(new: &NewSession<'_>) -> String {
    let (ends, opened, jti) = (end(new.ends), time(new.opened), new.jti);
    let (length, labelled, label) = (jti.len(), u8::from(new.label.is_some()), new.label.unwrap_or_default());
    format!("{ends} {opened} {opened} {NEVER} {length} 0 {labelled}:{jti}{label}")
}

/// Reads a session for a list.
pub(crate) fn read_session(id: String, text: &str) -> Result<Session, Failure> {
    let read = || {
        let (head, tail) = text.split_once(':')?;
        let mut fields = head.split(' ');
        let mut number = || fields.next()?.parse::<u64>().ok();
        let (ends, opened, used, _rotated) = (number()?, number()?, number()?, number()?);
        let token_ids = usize::try_from(number()?.checked_add(number()?)?).ok()?;
        let label = match number()? {
            0 => None,
            _ => Some(tail.get(token_ids..)?.to_owned()),
        };
        let ends = (ends != NEVER).then(|| Timestamp::from_micros(ends));
        Some(Session::new(id, label, Timestamp::from_micros(opened), Timestamp::from_micros(used), ends))
    };
    read().ok_or(Failure::Foreign)
}

/// Whether a value that begins with its expiry has expired.
pub(crate) fn has_expired(text: &[u8], now: Timestamp) -> Result<bool, Failure> {
    Ok(micros(text, 0)? <= now.as_micros())
}

/// Whether a subject's cut-off revokes a token of this age and session.
pub(crate) fn cuts_off(
    cut_off: &[u8],
    now: Timestamp,
    since: Timestamp,
    session: Option<&str>,
) -> Result<bool, Failure> {
    let (at, remembered) = (micros(cut_off, 0)?, micros(cut_off, TIME_LEN + 1)?);
    let kept = cut_off.get(2 * (TIME_LEN + 1)..).ok_or(Failure::Foreign)?;
    let is_kept = kept.strip_prefix(b"=").is_some_and(|kept| session.is_some_and(|id| id.as_bytes() == kept));
    Ok(remembered > now.as_micros() && since.as_micros() < at && !is_kept)
}

/// Reads a time that a script has returned.
pub(crate) fn read_time(text: &[u8]) -> Result<Timestamp, Failure> {
    micros(text, 0).map(Timestamp::from_micros)
}

/// Reads an expiry at the beginning of a value; `None` for never.
pub(crate) fn read_end(text: &[u8]) -> Result<Option<Timestamp>, Failure> {
    let micros = micros(text, 0)?;
    Ok((micros != NEVER).then(|| Timestamp::from_micros(micros)))
}

/// Reads the time at this position.
fn micros(text: &[u8], at: usize) -> Result<u64, Failure> {
    let digits = text.get(at..at + TIME_LEN).ok_or(Failure::Foreign)?;
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit <= 9 { Ok(number * 10 + u64::from(digit)) } else { Err(Failure::Foreign) }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    #[test]
    fn times_compare_as_texts() {
        let times = [at(0), at(9), at(10), at(1_800_000_000), Timestamp::MAX];
        let texts: Vec<_> = times.into_iter().map(|one| end(Some(one))).chain([end(None)]).collect();
        assert!(texts.is_sorted() && texts.iter().all(|text| text.len() == TIME_LEN), "{texts:?}");
    }

    #[test]
    fn keys_live_a_second_longer_than_needed() {
        assert_eq!(ttl(None, at(10)), "");
        assert_eq!(ttl(Some(at(12)), at(10)), "3000");
        assert_eq!(ttl(Some(Timestamp::from_micros(10_000_001)), at(10)), "1001", "rounded up");
        assert_eq!(ttl(Some(at(5)), at(10)), "1000");
    }

    #[test]
    fn values_in_another_format_are_errors() {
        for text in ["", "x", "17", "99999999999999999x", "{\"a\":1}", "000000000000000001 "] {
            assert!(read_session(String::new(), text).is_err(), "{text}");
            assert!(cuts_off(text.as_bytes(), at(1), at(1), None).is_err(), "{text}");
        }
        assert!(has_expired(b"revoked", at(1)).is_err());
        assert!(read_session(String::new(), "1 1 1 1 18446744073709551615 1 1:x").is_err());
    }

    #[test]
    fn a_cut_off_revokes_older_tokens_except_the_kept_session() {
        let text = |kept| format!("{} {} {kept}", time(at(10)), end(Some(at(100))));
        let cuts = |text: String, now, since, session| cuts_off(text.as_bytes(), at(now), at(since), session).unwrap();
        assert!(cuts(text("-"), 11, 9, None));
        assert!(cuts(text("-"), 11, 9, Some("-")) && cuts(text("-"), 11, 9, Some("")));
        assert!(!cuts(text("-"), 11, 10, None), "a token of the same time is not older");
        assert!(!cuts(text("-"), 100, 9, None), "a cut-off ends when it is no longer remembered");
        assert!(!cuts(text("=a"), 11, 9, Some("a")));
        assert!(cuts(text("=a"), 11, 9, Some("b")) && cuts(text("=a"), 11, 9, None));
        assert!(cuts(text("="), 11, 9, None) && !cuts(text("="), 11, 9, Some("")));
    }

    proptest! {
        #[test]
        fn a_session_survives_writing_and_reading(
            jti in ".*", previous in ".*", label in proptest::option::of(".*"),
            ends in proptest::option::of(0..NEVER / 4), opened in 0..NEVER / 4,
        ) {
            let (end_of, opened) = (ends.map(Timestamp::from_micros), Timestamp::from_micros(opened));
            let text = format!(
                "{} {} {} {NEVER} {} {} {}:{jti}{previous}{}",
                end(end_of), time(opened), time(at(7)), jti.len(), previous.len(), u8::from(label.is_some()),
                label.as_deref().unwrap_or_default(),
            );
            let read = read_session("id".to_owned(), &text).unwrap();
            prop_assert_eq!(read, Session::new("id".to_owned(), label, opened, at(7), end_of));
        }
    }
}
