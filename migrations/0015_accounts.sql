-- Since when an account is shut; while it is, nothing signs in to it. An account without a password (the empty text)
-- is one whose owner was invited and has not come yet.
ALTER TABLE accounts_user ADD COLUMN disabled_us BIGINT;
-- Those who run the house, of whom one must be left.
CREATE INDEX accounts_user_admin ON accounts_user (id) WHERE role = 'admin';

-- One-time links with which the owner of an account chooses a password; at most one for each account.
CREATE TABLE accounts_link (
    user_id BIGINT PRIMARY KEY REFERENCES accounts_user (id),
    token_hash BYTEA NOT NULL UNIQUE,
    expires_us BIGINT NOT NULL
);
CREATE INDEX accounts_link_expiry ON accounts_link (expires_us);
