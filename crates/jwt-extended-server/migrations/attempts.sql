-- The counters of attempts to log in. Names and addresses are digests. Times are in microseconds since 1970.
CREATE TABLE IF NOT EXISTS jwt_attempts (
    name       TEXT   NOT NULL PRIMARY KEY,
    -- The account, for all counters of an account; empty for an address.
    account    TEXT   NOT NULL,
    failures   BIGINT NOT NULL,
    -- Until when further attempts are refused.
    allowed_at BIGINT NOT NULL,
    -- When the failures are forgotten.
    forget_at  BIGINT NOT NULL,
    -- When the row may be deleted.
    kept_until BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS jwt_attempts_account ON jwt_attempts (account);
CREATE INDEX IF NOT EXISTS jwt_attempts_kept_until ON jwt_attempts (kept_until);
