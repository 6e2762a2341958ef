-- What a merge of two artists changed, so that it can be taken back (ADR 21). It goes with the edit's place in the history.
CREATE TABLE catalog_merge (
    -- The edit by which the one was taken in.
    edit_id BIGINT PRIMARY KEY,
    from_id BIGINT NOT NULL,
    to_id BIGINT NOT NULL,
    -- The row of the one who was taken in.
    name TEXT NOT NULL,
    name_key BYTEA NOT NULL,
    musicbrainz TEXT,
    sort_key BYTEA NOT NULL,
    sort_given BOOLEAN NOT NULL,
    sort_name TEXT,
    edits BIGINT NOT NULL,
    given_picture_id BIGINT,
    -- The other has his picture since.
    lent BOOLEAN NOT NULL,
    -- His name led to the other before, for no other reason than that he was called so.
    led BOOLEAN NOT NULL,
    -- What people had written over him, as in catalog_edit.
    edited TEXT,
    filed TEXT
);
CREATE INDEX catalog_merge_into ON catalog_merge (to_id, edit_id);
CREATE INDEX catalog_merge_given ON catalog_merge (given_picture_id) WHERE given_picture_id IS NOT NULL;

-- Where either of them stood on what the one was on.
CREATE TABLE catalog_merge_place (
    edit_id BIGINT NOT NULL,
    -- 'album', 'track' or 'credit', which is on a track
    place TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    artist_id BIGINT NOT NULL,
    -- Of a credit, as in catalog_credit.
    role TEXT,
    detail TEXT,
    PRIMARY KEY (edit_id, place, item_id, position)
);

-- Where names and identifiers led before; nowhere when it is null.
CREATE TABLE catalog_merge_alias (
    edit_id BIGINT NOT NULL,
    key BYTEA NOT NULL,
    artist_id BIGINT,
    PRIMARY KEY (edit_id, key)
);

-- What listeners had done with the one, and what of that they had done with the other, too.
CREATE TABLE catalog_merge_mark (
    edit_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    favourite_us BIGINT,
    rating BIGINT,
    plays BIGINT NOT NULL,
    played_us BIGINT,
    other_favourite BOOLEAN NOT NULL,
    other_rating BOOLEAN NOT NULL,
    other_played_us BIGINT,
    PRIMARY KEY (edit_id, user_id)
);
CREATE INDEX catalog_merge_mark_of ON catalog_merge_mark (user_id);
