-- The depth of the catalogue: credits, genres and moods, facts of releases and recordings, lyrics.
-- Expand only: rows that are there get what is new when the next scan reads their files once more.

-- As the tag shows the artists ("A feat. B"), where it also names them one by one.
ALTER TABLE catalog_track ADD COLUMN artist_shown TEXT;
-- The sort name that a tag gave.
ALTER TABLE catalog_track ADD COLUMN sort_title TEXT;
ALTER TABLE catalog_track ADD COLUMN subtitle TEXT;
-- When it first came out, YYYY[-MM[-DD]].
ALTER TABLE catalog_track ADD COLUMN original TEXT;
ALTER TABLE catalog_track ADD COLUMN comment TEXT;
-- Several, one a line.
ALTER TABLE catalog_track ADD COLUMN isrcs TEXT;
ALTER TABLE catalog_track ADD COLUMN work TEXT;
ALTER TABLE catalog_track ADD COLUMN movement TEXT;
ALTER TABLE catalog_track ADD COLUMN movement_number BIGINT;
ALTER TABLE catalog_track ADD COLUMN movement_total BIGINT;
-- What its disc is: 'CD', '12" Vinyl'.
ALTER TABLE catalog_track ADD COLUMN medium TEXT;
-- 'explicit' or 'clean'; NULL when no tag says it.
ALTER TABLE catalog_track ADD COLUMN advisory TEXT;
ALTER TABLE catalog_track ADD COLUMN bpm_hundredths BIGINT;
-- As tagged: ReplayGain in hundredths of a decibel, its peaks in millionths of full scale, R128 in hundredths of a
-- decibel towards -23 LUFS.
ALTER TABLE catalog_track ADD COLUMN track_gain_cdb BIGINT;
ALTER TABLE catalog_track ADD COLUMN track_peak_millionths BIGINT;
ALTER TABLE catalog_track ADD COLUMN album_gain_cdb BIGINT;
ALTER TABLE catalog_track ADD COLUMN album_peak_millionths BIGINT;
ALTER TABLE catalog_track ADD COLUMN r128_track_cdb BIGINT;
ALTER TABLE catalog_track ADD COLUMN r128_album_cdb BIGINT;

ALTER TABLE catalog_album ADD COLUMN artist_shown TEXT;
ALTER TABLE catalog_album ADD COLUMN sort_title TEXT;
-- When it first came out, in whatever edition, YYYY[-MM[-DD]].
ALTER TABLE catalog_album ADD COLUMN original TEXT;
-- Which edition this is: "Deluxe", "2011 remaster".
ALTER TABLE catalog_album ADD COLUMN version TEXT;
-- Several each, one a line: 'album', 'live', …
ALTER TABLE catalog_album ADD COLUMN types TEXT;
ALTER TABLE catalog_album ADD COLUMN labels TEXT;
ALTER TABLE catalog_album ADD COLUMN catalogue_numbers TEXT;
ALTER TABLE catalog_album ADD COLUMN barcode TEXT;
-- MusicBrainz: the release, and the release group that its editions share.
ALTER TABLE catalog_album ADD COLUMN musicbrainz TEXT;
ALTER TABLE catalog_album ADD COLUMN release_group TEXT;
CREATE INDEX catalog_album_group ON catalog_album (release_group, released_key, id) WHERE release_group IS NOT NULL;

-- The sort name that a tag gave.
ALTER TABLE catalog_artist ADD COLUMN sort_name TEXT;

-- Who did what on a track, besides those whose track it is (catalog_track_artist).
CREATE TABLE catalog_credit (
    track_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    artist_id BIGINT NOT NULL,
    -- 'composer', 'lyricist', 'writer', 'conductor', 'performer', 'producer', 'engineer', 'mixer', 'remixer',
    -- 'arranger', 'director' or 'dj-mixer'
    role TEXT NOT NULL,
    -- What a performer plays.
    detail TEXT,
    PRIMARY KEY (track_id, position)
);
CREATE INDEX catalog_credit_of ON catalog_credit (artist_id, role, track_id);

CREATE TABLE catalog_genre (
    id BIGINT PRIMARY KEY,
    -- 'genre' or 'mood'
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    -- Hash of the kind and the folded name.
    name_key BYTEA NOT NULL UNIQUE,
    sort_key BYTEA NOT NULL
);
CREATE INDEX catalog_genre_sorted ON catalog_genre (kind, sort_key, id);

CREATE TABLE catalog_track_genre (
    track_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    genre_id BIGINT NOT NULL,
    -- That of the track, so that lists and counts of a genre need not look at it.
    hidden_us BIGINT,
    PRIMARY KEY (track_id, position)
);
-- With the column of its condition, so that it alone answers counts and leads to any place in a list.
CREATE INDEX catalog_track_genre_shown ON catalog_track_genre (genre_id, track_id, hidden_us) WHERE hidden_us IS NULL;
CREATE INDEX catalog_track_genre_hidden ON catalog_track_genre (genre_id) WHERE hidden_us IS NOT NULL;

-- The genres and moods of an album: those of its shown tracks. An album that is not shown has none.
CREATE TABLE catalog_album_genre (
    album_id BIGINT NOT NULL,
    genre_id BIGINT NOT NULL,
    -- That of the album.
    sort_key BYTEA NOT NULL,
    PRIMARY KEY (album_id, genre_id)
);
CREATE INDEX catalog_album_genre_sorted ON catalog_album_genre (genre_id, sort_key, album_id);

CREATE TABLE catalog_lyrics (
    id BIGINT PRIMARY KEY,
    track_id BIGINT NOT NULL,
    -- The order in which the lyrics of a track are offered.
    position BIGINT NOT NULL,
    -- As tagged, in small letters: BCP 47 or ISO 639; NULL when unknown.
    language TEXT,
    synced BOOLEAN NOT NULL,
    -- 'tag', or the ending of the file beside the track: 'lrc', 'ttml' or 'txt'
    source TEXT NOT NULL,
    -- JSON, see catalog::import::LyricLine.
    lines TEXT NOT NULL
);
CREATE INDEX catalog_lyrics_of ON catalog_lyrics (track_id, position);
