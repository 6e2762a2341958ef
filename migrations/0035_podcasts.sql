-- A row to lock while what an account has is counted. It stays, as gone, when the account is removed: what was under way
-- then comes too late.
CREATE TABLE podcasts_account (
    user_id BIGINT PRIMARY KEY,
    gone BOOLEAN NOT NULL
);
