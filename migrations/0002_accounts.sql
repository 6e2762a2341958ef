CREATE TABLE accounts_user (
    id BIGINT PRIMARY KEY,
    -- Always in small letters, which makes handles unique whatever the case they are typed in.
    handle TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- 'listener', 'creator', 'moderator' or 'admin'
    role TEXT NOT NULL,
    -- A PHC string: algorithm, parameters, salt and hash.
    password TEXT NOT NULL,
    created_us BIGINT NOT NULL
);

-- Signed-in browsers. The database knows only the hash of what the cookie holds.
CREATE TABLE accounts_session (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES accounts_user (id),
    token_hash BYTEA NOT NULL UNIQUE,
    agent TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    -- The earlier of the idle and of the absolute end.
    expires_us BIGINT NOT NULL
);
CREATE INDEX accounts_session_of_user ON accounts_session (user_id, id);
CREATE INDEX accounts_session_expiry ON accounts_session (expires_us);

-- App tokens: what programs sign in with.
CREATE TABLE accounts_token (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES accounts_user (id),
    token_hash BYTEA NOT NULL UNIQUE,
    label TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    used_us BIGINT
);
CREATE INDEX accounts_token_of_user ON accounts_token (user_id, id);

-- At most one row: the hash of the one set-up token that holds now.
CREATE TABLE accounts_setup (
    id BIGINT PRIMARY KEY,
    token_hash BYTEA NOT NULL,
    created_us BIGINT NOT NULL
);

-- Guesses of passwords, counted per account asked for and per address asking. A key is a keyed hash of either.
CREATE TABLE accounts_guess (
    key TEXT NOT NULL PRIMARY KEY,
    failures BIGINT NOT NULL,
    -- Up to when forgiving was reckoned.
    faded_us BIGINT NOT NULL,
    -- Nothing is taken before this.
    until_us BIGINT NOT NULL,
    -- When all is forgiven and the row may go.
    forget_us BIGINT NOT NULL
);
CREATE INDEX accounts_guess_forgotten ON accounts_guess (forget_us);
