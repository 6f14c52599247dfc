-- The signing keys of jwt-extended-server, each sealed under the master key.
CREATE TABLE IF NOT EXISTS jwt_keys (
    kid           TEXT   NOT NULL PRIMARY KEY,
    algorithm     TEXT   NOT NULL,
    -- The fingerprint of the master key.
    master_id     TEXT   NOT NULL,
    -- Version, nonce and ciphertext, in base64.
    sealed        TEXT   NOT NULL,
    -- The key that this one replaces; empty for the first. One key has one successor, so two processes that rotate at
    -- the same time add one key.
    follows       TEXT   NOT NULL UNIQUE,
    -- Microseconds since 1970.
    published_at  BIGINT NOT NULL,
    -- From when the key signs; null until that is decided.
    signs_from    BIGINT NULL
);
