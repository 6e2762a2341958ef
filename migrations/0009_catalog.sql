-- What a listener does with music: marks, plays, and what plays now.

-- One listener's mark on one thing; without anything to say there is no row.
CREATE TABLE catalog_mark (
    user_id BIGINT NOT NULL,
    -- 'track', 'album', 'artist' or 'video'
    kind TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    -- Since when it is a favourite.
    favourite_us BIGINT,
    -- 1 to 5
    rating BIGINT,
    plays BIGINT NOT NULL,
    -- When it was last played.
    played_us BIGINT,
    PRIMARY KEY (user_id, kind, item_id)
);
CREATE INDEX catalog_mark_favourites ON catalog_mark (user_id, kind, favourite_us, item_id)
    WHERE favourite_us IS NOT NULL;
CREATE INDEX catalog_mark_rated ON catalog_mark (user_id, kind, rating, item_id) WHERE rating IS NOT NULL;
CREATE INDEX catalog_mark_played ON catalog_mark (user_id, kind, played_us, item_id) WHERE played_us IS NOT NULL;
CREATE INDEX catalog_mark_most ON catalog_mark (user_id, kind, plays, item_id) WHERE plays > 0;
CREATE INDEX catalog_mark_on ON catalog_mark (kind, item_id);

-- Every play that was counted, so that one that is told twice is counted once.
CREATE TABLE catalog_play (
    user_id BIGINT NOT NULL,
    -- Hash of the track and of what the client calls this play, else of the second in which it was.
    key BYTEA NOT NULL,
    PRIMARY KEY (user_id, key)
);

-- What plays now, a row for each of a listener's players.
CREATE TABLE catalog_playing (
    user_id BIGINT NOT NULL,
    client TEXT NOT NULL,
    track_id BIGINT NOT NULL,
    -- 'playing' or 'paused'
    state TEXT NOT NULL,
    -- When this track was begun.
    since_us BIGINT NOT NULL,
    -- Where it was at the last report.
    position_ms BIGINT NOT NULL,
    -- Thousandths of the ordinary speed.
    rate_permille BIGINT NOT NULL,
    reported_us BIGINT NOT NULL,
    -- When it has ended unless another report comes.
    until_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, client)
);

-- Where the tracks of an album, or of an artist, went with other tags; when nothing is left of it and all went to
-- one place, its marks follow.
CREATE TABLE catalog_moved (
    -- 'album' or 'artist'
    kind TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    -- 0 for nowhere
    to_id BIGINT NOT NULL,
    moved_us BIGINT NOT NULL,
    PRIMARY KEY (kind, item_id, to_id)
);

-- Tracks by date, to draw from the years that somebody wants to hear.
CREATE INDEX catalog_track_dated ON catalog_track (date, id) WHERE hidden_us IS NULL;
