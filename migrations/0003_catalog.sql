-- The catalogue. Keys that only order or identify are BYTEA, which both engines compare byte by byte.
-- `hidden_us` is when a thing was taken out of sight; nothing that has it is ever shown.

CREATE TABLE catalog_picture (
    id BIGINT PRIMARY KEY,
    -- BLAKE3 of the bytes: the same picture is kept once.
    hash BYTEA NOT NULL UNIQUE,
    blob_key TEXT NOT NULL UNIQUE,
    mime TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    -- A tiny data URI to show while the picture loads, or nothing.
    blur TEXT NOT NULL
);

CREATE TABLE catalog_artist (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    -- Hash of the folded name.
    name_key BYTEA NOT NULL,
    musicbrainz TEXT UNIQUE,
    sort_key BYTEA NOT NULL,
    -- Whether a tag gave the sort name; else it was made of the name.
    sort_given BOOLEAN NOT NULL,
    hidden_us BIGINT
);
CREATE UNIQUE INDEX catalog_artist_unnumbered ON catalog_artist (name_key) WHERE musicbrainz IS NULL;
CREATE INDEX catalog_artist_named ON catalog_artist (name_key, id);
CREATE INDEX catalog_artist_sorted ON catalog_artist (sort_key, id) WHERE hidden_us IS NULL;

CREATE TABLE catalog_album (
    id BIGINT PRIMARY KEY,
    -- Hash of what makes it this album: its MusicBrainz release, or artists, title and year, or title and folder.
    key BYTEA NOT NULL UNIQUE,
    -- The same without the folder, where the key has one: a folder that moves takes its album along.
    loose_key BYTEA,
    title TEXT NOT NULL,
    sort_key BYTEA NOT NULL,
    -- The sort key of its first artist.
    artist_sort BYTEA NOT NULL,
    -- YYYY[-MM[-DD]], and the same as the number YYYYMMDD, 0 when unknown.
    released TEXT,
    released_key BIGINT NOT NULL,
    compilation BOOLEAN NOT NULL,
    -- No tag named the album's artists; they were taken from its tracks.
    artists_guessed BOOLEAN NOT NULL,
    picture_id BIGINT,
    added_us BIGINT NOT NULL,
    hidden_us BIGINT
);
CREATE INDEX catalog_album_titled ON catalog_album (sort_key, id) WHERE hidden_us IS NULL;
CREATE INDEX catalog_album_added ON catalog_album (added_us, id) WHERE hidden_us IS NULL;
CREATE INDEX catalog_album_released ON catalog_album (released_key, id) WHERE hidden_us IS NULL;
CREATE INDEX catalog_album_by_artist ON catalog_album (artist_sort, released_key, id) WHERE hidden_us IS NULL;

CREATE TABLE catalog_album_artist (
    album_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    artist_id BIGINT NOT NULL,
    PRIMARY KEY (album_id, position)
);
CREATE INDEX catalog_album_artist_of ON catalog_album_artist (artist_id, album_id);

CREATE TABLE catalog_track (
    id BIGINT PRIMARY KEY,
    media_id BIGINT NOT NULL,
    library_id BIGINT,
    album_id BIGINT,
    title TEXT NOT NULL,
    sort_key BYTEA NOT NULL,
    disc BIGINT NOT NULL,
    disc_title TEXT,
    number BIGINT,
    -- YYYY[-MM[-DD]]
    date TEXT,
    -- One a line.
    genres TEXT,
    musicbrainz TEXT,
    duration_ms BIGINT NOT NULL,
    picture_id BIGINT,
    added_us BIGINT NOT NULL,
    hidden_us BIGINT,
    -- 'gone' (its file is; it comes back with it) or 'deleted' (somebody decided)
    hidden_why TEXT
);
CREATE INDEX catalog_track_titled ON catalog_track (sort_key, id) WHERE hidden_us IS NULL;
CREATE INDEX catalog_track_shown ON catalog_track (album_id, disc, number, id, duration_ms) WHERE hidden_us IS NULL;
CREATE INDEX catalog_track_album ON catalog_track (album_id);

CREATE TABLE catalog_track_artist (
    track_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    artist_id BIGINT NOT NULL,
    PRIMARY KEY (track_id, position)
);
CREATE INDEX catalog_track_artist_of ON catalog_track_artist (artist_id, track_id);

CREATE TABLE catalog_video (
    id BIGINT PRIMARY KEY,
    media_id BIGINT NOT NULL UNIQUE,
    library_id BIGINT,
    owner_id BIGINT,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    -- Somebody wrote title or description; a scan leaves them alone.
    edited BOOLEAN NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    picture_id BIGINT,
    added_us BIGINT NOT NULL,
    hidden_us BIGINT,
    hidden_why TEXT
);
CREATE INDEX catalog_video_added ON catalog_video (added_us, id) WHERE hidden_us IS NULL;

-- What is recorded of a playable thing: its source and how far its encoding is.
CREATE TABLE catalog_media (
    id BIGINT PRIMARY KEY,
    -- 'audio' or 'video'
    kind TEXT NOT NULL,
    -- 'file' (a path) or 'blob' (a key), and which
    place TEXT NOT NULL,
    source TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- Changes whenever the source's bytes do.
    stamp BIGINT NOT NULL,
    mime TEXT NOT NULL,
    codec TEXT NOT NULL,
    bitrate_kbps BIGINT NOT NULL,
    sample_rate_hz BIGINT NOT NULL,
    channels BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    -- 'none', 'waiting', 'encoding', 'ready' or 'failed'
    state TEXT NOT NULL,
    problem_code TEXT,
    problem TEXT,
    -- Grows with each new source and each new try to encode it, so that a late worker's results are refused.
    generation BIGINT NOT NULL
);
CREATE INDEX catalog_media_source ON catalog_media (source) WHERE place = 'blob';

CREATE TABLE catalog_rendition (
    id BIGINT PRIMARY KEY,
    media_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- 'video' or 'audio'
    kind TEXT NOT NULL,
    codecs TEXT NOT NULL,
    width BIGINT NOT NULL,
    height BIGINT NOT NULL,
    frame_rate_num BIGINT NOT NULL,
    frame_rate_den BIGINT NOT NULL,
    channels BIGINT NOT NULL,
    sample_rate_hz BIGINT NOT NULL,
    language TEXT,
    timescale BIGINT NOT NULL,
    init_key TEXT NOT NULL,
    init_bytes BIGINT NOT NULL,
    -- 'growing' or 'complete'
    state TEXT NOT NULL,
    -- Bits per second, known when complete.
    peak_bps BIGINT NOT NULL,
    average_bps BIGINT NOT NULL,
    UNIQUE (media_id, name)
);

CREATE TABLE catalog_segment (
    rendition_id BIGINT NOT NULL,
    number BIGINT NOT NULL,
    start_ticks BIGINT NOT NULL,
    duration_ticks BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    blob_key TEXT NOT NULL,
    PRIMARY KEY (rendition_id, number)
);

CREATE TABLE catalog_caption (
    id BIGINT PRIMARY KEY,
    media_id BIGINT NOT NULL,
    language TEXT NOT NULL,
    label TEXT NOT NULL,
    blob_key TEXT NOT NULL,
    UNIQUE (media_id, blob_key)
);

-- What is new, derived from events: 'album' or 'video', and which.
CREATE TABLE catalog_shelf (
    kind TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    added_us BIGINT NOT NULL,
    PRIMARY KEY (kind, item_id)
);
CREATE INDEX catalog_shelf_newest ON catalog_shelf (kind, added_us, item_id);

-- Names of those who own videos, derived from the events of accounts.
CREATE TABLE catalog_owner (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL
);
