-- Albums that are encoded as one continuous sound: each is a media of its own, of which every track is a range.
CREATE TABLE catalog_run (
    media_id BIGINT PRIMARY KEY,
    album_id BIGINT NOT NULL,
    -- Samples a second by which its ranges count; 0 until its encoding has begun.
    rate_hz BIGINT NOT NULL
);
CREATE INDEX catalog_run_of_album ON catalog_run (album_id, media_id);

-- The album as it was: with another list of tracks or other sources of them the run is of no use any more.
CREATE TABLE catalog_run_track (
    media_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    track_id BIGINT NOT NULL,
    source_id BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    stamp BIGINT NOT NULL,
    -- The sample behind its last, which is the first of the next one; unknown until it was decoded.
    end_sample BIGINT,
    PRIMARY KEY (media_id, position)
);
