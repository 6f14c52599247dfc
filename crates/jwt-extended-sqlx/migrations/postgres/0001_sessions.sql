-- Sessions and revocations of jwt-extended. Times are microseconds since 1970; the largest bigint is "never".
-- Names are compared by their bytes, whatever the database's locale.

CREATE TABLE IF NOT EXISTS jwt_sessions (
    id text COLLATE "C" PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    current_jti text COLLATE "C" NOT NULL,
    previous_jti text COLLATE "C",
    turned_at bigint NOT NULL,
    opened_at bigint NOT NULL,
    used_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    label text
);
CREATE INDEX IF NOT EXISTS jwt_sessions_subject ON jwt_sessions (subject, opened_at);
CREATE INDEX IF NOT EXISTS jwt_sessions_ends_at ON jwt_sessions (ends_at);

CREATE TABLE IF NOT EXISTS jwt_revoked_tokens (
    jti text COLLATE "C" PRIMARY KEY,
    ends_at bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS jwt_revoked_tokens_ends_at ON jwt_revoked_tokens (ends_at);

-- Of a subject in this table, all that began before cutoff_at has ended, but for the session that is exempt.
CREATE TABLE IF NOT EXISTS jwt_subjects (
    subject text COLLATE "C" PRIMARY KEY,
    cutoff_at bigint NOT NULL,
    ends_at bigint NOT NULL,
    exempt text COLLATE "C"
);
CREATE INDEX IF NOT EXISTS jwt_subjects_ends_at ON jwt_subjects (ends_at);
