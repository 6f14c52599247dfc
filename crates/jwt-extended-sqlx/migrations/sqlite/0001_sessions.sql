-- Sessions and revocations of jwt-extended. Times are microseconds since 1970; the largest integer is "never".

CREATE TABLE IF NOT EXISTS jwt_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    subject TEXT NOT NULL,
    current_jti TEXT NOT NULL,
    previous_jti TEXT,
    turned_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    label TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS jwt_sessions_subject ON jwt_sessions (subject, opened_at);
CREATE INDEX IF NOT EXISTS jwt_sessions_ends_at ON jwt_sessions (ends_at);

CREATE TABLE IF NOT EXISTS jwt_revoked_tokens (
    jti TEXT NOT NULL PRIMARY KEY,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS jwt_revoked_tokens_ends_at ON jwt_revoked_tokens (ends_at);

-- Of a subject in this table, all that began before cutoff_at has ended, but for the session that is exempt.
CREATE TABLE IF NOT EXISTS jwt_subjects (
    subject TEXT NOT NULL PRIMARY KEY,
    cutoff_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    exempt TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS jwt_subjects_ends_at ON jwt_subjects (ends_at);
