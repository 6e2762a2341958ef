-- What somebody shares by a link. The link's secret is made of the number and the house's key, so that its owner can
-- have it again; the database knows only its hash.
CREATE TABLE sharing_share (
    id BIGINT PRIMARY KEY,
    owner_id BIGINT NOT NULL,
    secret_hash BYTEA NOT NULL UNIQUE,
    -- 'tracks', 'album', 'playlist' or 'artist'
    kind TEXT NOT NULL,
    -- The album, playlist or artist; 0 for tracks, which stand in a table of their own.
    item_id BIGINT NOT NULL,
    -- What it was called when it was shared, for its owner's list.
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    -- A PHC string.
    password TEXT,
    -- Grows with each change of the password, which ends what visitors proved before.
    password_number BIGINT NOT NULL,
    downloads BOOLEAN NOT NULL,
    created_us BIGINT NOT NULL,
    expires_us BIGINT,
    visits BIGINT NOT NULL,
    plays BIGINT NOT NULL,
    visited_us BIGINT
);
CREATE INDEX sharing_share_of_owner ON sharing_share (owner_id, id);

CREATE TABLE sharing_track (
    share_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    track_id BIGINT NOT NULL,
    PRIMARY KEY (share_id, position)
);

-- A row to lock while somebody's shares are counted.
CREATE TABLE sharing_owner (
    owner_id BIGINT PRIMARY KEY
);
