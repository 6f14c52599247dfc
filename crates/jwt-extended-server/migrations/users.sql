-- The users of jwt-extended-server: their names and the Argon2 hashes of their passwords.
CREATE TABLE IF NOT EXISTS jwt_users (
    name          TEXT   NOT NULL PRIMARY KEY,
    password_hash TEXT   NOT NULL,
    -- Microseconds since 1970; null for a user who may log in.
    disabled_at   BIGINT NULL,
    added_at      BIGINT NOT NULL
);
