//! The statements, as far as both databases understand the same ones. What differs lies with each store.
//!
//! All times are handed in: no statement reads the database's clock.

/// That a token was neither revoked by itself nor with its subject's others. `$1` is its jti, `$2` its subject, `$3` its
/// session, `$4` since when it counts, `$5` now.
macro_rules! not_revoked {
    () => {
        "NOT EXISTS (SELECT 1 FROM jwt_revoked_tokens AS gone WHERE gone.jti = $1 AND gone.ends_at > $5) \
         AND NOT EXISTS (SELECT 1 FROM jwt_subjects AS cut WHERE cut.subject = $2 AND cut.ends_at > $5 \
         AND cut.cutoff_at > $4 AND (cut.exempt IS NULL OR $3 IS NULL OR cut.exempt <> $3))"
    };
}

/// That a session is the token's, and open. The same numbers.
macro_rules! its_session {
    () => {
        "id = $3 AND subject = $2 AND ends_at > $5"
    };
}

/// One row, 1 or 0.
pub(crate) const STANDING: &str = concat!(
    "SELECT CASE WHEN ",
    not_revoked!(),
    " AND ($3 IS NULL OR EXISTS (SELECT 1 FROM jwt_sessions WHERE ",
    its_session!(),
    ")) THEN 1 ELSE 0 END"
);

/// `$6` is the session's new end.
pub(crate) const TOUCH: &str = concat!(
    "UPDATE jwt_sessions SET used_at = CASE WHEN used_at < $5 THEN $5 ELSE used_at END, \
     ends_at = CASE WHEN ends_at < $6 THEN $6 ELSE ends_at END WHERE ",
    its_session!(),
    " AND ",
    not_revoked!()
);

/// `$6` is the session's new end, `$7` the successor.
pub(crate) const TURN: &str = concat!(
    "UPDATE jwt_sessions SET current_jti = $7, previous_jti = current_jti, turned_at = $5, used_at = $5, ends_at = $6 \
     WHERE current_jti = $1 AND ",
    its_session!(),
    " AND ",
    not_revoked!()
);

/// What a session has come to, if the token could not be turned; and last, whether its current token was revoked.
pub(crate) const TURNED: &str = concat!(
    "SELECT current_jti, previous_jti, turned_at, CASE WHEN EXISTS (SELECT 1 FROM jwt_revoked_tokens AS next \
     WHERE next.jti = current_jti AND next.ends_at > $5) THEN 1 ELSE 0 END FROM jwt_sessions WHERE ",
    its_session!(),
    " AND ",
    not_revoked!()
);

/// Ends a session that nobody has turned meanwhile.
pub(crate) const END_REPLAYED: &str = "DELETE FROM jwt_sessions WHERE id = $1 AND current_jti = $2";

pub(crate) const REVOKE: &str = "INSERT INTO jwt_revoked_tokens (jti, ends_at) VALUES ($1, $2) \
     ON CONFLICT (jti) DO UPDATE SET ends_at = excluded.ends_at WHERE jwt_revoked_tokens.ends_at < excluded.ends_at";

/// Names are random: if this one is there, the same login is told again.
pub(crate) const OPEN: &str = "INSERT INTO jwt_sessions \
     (id, subject, current_jti, previous_jti, turned_at, opened_at, used_at, ends_at, label) \
     SELECT $1, $2, $3, NULL, $4, $4, $4, $5, $6 WHERE NOT EXISTS (SELECT 1 FROM jwt_subjects AS cut \
     WHERE cut.subject = $2 AND cut.ends_at > $4 AND cut.cutoff_at > $4 AND (cut.exempt IS NULL OR cut.exempt <> $1)) \
     ON CONFLICT (id) DO UPDATE SET subject = excluded.subject, current_jti = excluded.current_jti, previous_jti = NULL, \
     turned_at = excluded.turned_at, opened_at = excluded.opened_at, used_at = excluded.used_at, \
     ends_at = excluded.ends_at, label = excluded.label";

/// Ends a subject's oldest open sessions but the one that is new, so that `$4` others stay.
pub(crate) const END_OLDEST: &str = "DELETE FROM jwt_sessions WHERE id IN (SELECT id FROM jwt_sessions \
     WHERE subject = $1 AND id <> $2 AND ends_at > $3 ORDER BY opened_at DESC, id DESC \
     LIMIT 9223372036854775807 OFFSET $4)";

pub(crate) const LIST: &str = "SELECT id, label, opened_at, used_at, ends_at FROM jwt_sessions \
     WHERE subject = $1 AND ends_at > $2 ORDER BY opened_at DESC, id DESC";

pub(crate) const END_ONE: &str =
    "DELETE FROM jwt_sessions WHERE id = $1 AND ($2 IS NULL OR subject = $2) RETURNING ends_at";

/// `$5` is the latest cut-off that is believed.
pub(crate) const CUT_OFF: &str = "INSERT INTO jwt_subjects (subject, cutoff_at, ends_at, exempt) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (subject) DO UPDATE SET exempt = excluded.exempt, \
     cutoff_at = CASE WHEN jwt_subjects.cutoff_at < excluded.cutoff_at OR jwt_subjects.cutoff_at > $5 \
     THEN excluded.cutoff_at ELSE jwt_subjects.cutoff_at END, \
     ends_at = CASE WHEN jwt_subjects.ends_at < excluded.ends_at THEN excluded.ends_at ELSE jwt_subjects.ends_at END";

pub(crate) const END_OTHERS: &str =
    "DELETE FROM jwt_sessions WHERE subject = $1 AND ($2 IS NULL OR id <> $2) RETURNING ends_at";
