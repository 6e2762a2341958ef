-- Who may see which library. Each library of its own has a bit, and what lies in it bears that bit as its scope; who
-- asks brings the bits of all libraries that are open to him. Bit 1 is the house's own: uploads, and libraries for
-- which no bit was left; every member has it. A scope of 0 is seen by nobody.

CREATE TABLE catalog_library (
    id BIGINT PRIMARY KEY,
    -- 2 to the power of 1 to 62, or 1.
    bit BIGINT NOT NULL,
    -- To every member; else to those in catalog_library_member, and to administrators.
    open BOOLEAN NOT NULL,
    -- Since when the library is gone. Its bit waits a little before another gets it.
    freed_us BIGINT
);
CREATE UNIQUE INDEX catalog_library_bit ON catalog_library (bit) WHERE bit > 1;

CREATE TABLE catalog_library_member (
    user_id BIGINT NOT NULL,
    library_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, library_id)
);
CREATE INDEX catalog_library_member_of ON catalog_library_member (library_id, user_id);

-- What is there already is open, as it was. A library of which nothing is shown is entered by its next scan.
INSERT INTO catalog_library (id, bit, open)
SELECT numbered.id, CASE WHEN numbered.n <= 62 THEN CAST(1 AS BIGINT) << CAST(numbered.n AS INTEGER) ELSE 1 END, TRUE
FROM (SELECT found.id, ROW_NUMBER() OVER (ORDER BY found.id) AS n FROM (
    SELECT t.library_id AS id FROM catalog_track t WHERE t.library_id IS NOT NULL AND t.hidden_us IS NULL
    UNION SELECT v.library_id FROM catalog_video v WHERE v.library_id IS NOT NULL AND v.hidden_us IS NULL) found) numbered;

ALTER TABLE catalog_track ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_album ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_artist ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_video ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;
-- Those of the track and of the album, so that lists and counts of a genre need not look at them.
ALTER TABLE catalog_track_genre ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_album_genre ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;

UPDATE catalog_track SET scope = CASE WHEN library_id IS NULL THEN 1
    ELSE COALESCE((SELECT l.bit FROM catalog_library l WHERE l.id = catalog_track.library_id), 0) END;
UPDATE catalog_video SET scope = CASE WHEN library_id IS NULL THEN 1
    ELSE COALESCE((SELECT l.bit FROM catalog_library l WHERE l.id = catalog_video.library_id), 0) END;
-- Bits that are each there once are or-ed by adding them.
UPDATE catalog_album SET scope = COALESCE((SELECT CAST(SUM(DISTINCT t.scope) AS BIGINT) FROM catalog_track t
    WHERE t.album_id = catalog_album.id AND t.hidden_us IS NULL), 0);
UPDATE catalog_artist SET scope = COALESCE((SELECT CAST(SUM(DISTINCT named.scope) AS BIGINT) FROM (
    SELECT t.scope FROM catalog_track_artist ta JOIN catalog_track t ON t.id = ta.track_id
        WHERE ta.artist_id = catalog_artist.id AND t.hidden_us IS NULL
    UNION SELECT t.scope FROM catalog_credit c JOIN catalog_track t ON t.id = c.track_id
        WHERE c.artist_id = catalog_artist.id AND t.hidden_us IS NULL
    UNION SELECT t.scope FROM catalog_album_artist aa JOIN catalog_track t ON t.album_id = aa.album_id
        WHERE aa.artist_id = catalog_artist.id AND t.hidden_us IS NULL) named), 0);
UPDATE catalog_track_genre SET scope = COALESCE((SELECT t.scope FROM catalog_track t
    WHERE t.id = catalog_track_genre.track_id), 0);
UPDATE catalog_album_genre SET scope = COALESCE((SELECT a.scope FROM catalog_album a
    WHERE a.id = catalog_album_genre.album_id), 0);

-- The indexes of what is shown carry it, so that they alone tell what a viewer sees.
DROP INDEX catalog_artist_sorted;
CREATE INDEX catalog_artist_sorted ON catalog_artist (sort_key, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_album_titled;
CREATE INDEX catalog_album_titled ON catalog_album (sort_key, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_album_added;
CREATE INDEX catalog_album_added ON catalog_album (added_us, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_album_released;
CREATE INDEX catalog_album_released ON catalog_album (released_key, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_album_by_artist;
CREATE INDEX catalog_album_by_artist ON catalog_album (artist_sort, released_key, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_track_titled;
CREATE INDEX catalog_track_titled ON catalog_track (sort_key, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_track_shown;
CREATE INDEX catalog_track_shown ON catalog_track (album_id, disc, number, id, duration_ms, scope)
    WHERE hidden_us IS NULL;
DROP INDEX catalog_track_dated;
CREATE INDEX catalog_track_dated ON catalog_track (date, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_track_added;
CREATE INDEX catalog_track_added ON catalog_track (added_us, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_video_added;
CREATE INDEX catalog_video_added ON catalog_video (added_us, id, scope) WHERE hidden_us IS NULL;
DROP INDEX catalog_track_genre_shown;
CREATE INDEX catalog_track_genre_shown ON catalog_track_genre (genre_id, track_id, hidden_us, scope)
    WHERE hidden_us IS NULL;
DROP INDEX catalog_album_genre_sorted;
CREATE INDEX catalog_album_genre_sorted ON catalog_album_genre (genre_id, sort_key, album_id, scope);

-- The search knows who may see what, so it hears of that too.
CREATE TRIGGER catalog_search_artist_scoped AFTER UPDATE OF scope ON catalog_artist WHEN OLD.scope <> NEW.scope BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (1, NEW.id);
END;
CREATE TRIGGER catalog_search_album_scoped AFTER UPDATE OF scope ON catalog_album WHEN OLD.scope <> NEW.scope BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (2, NEW.id);
END;
CREATE TRIGGER catalog_search_track_scoped AFTER UPDATE OF scope ON catalog_track WHEN OLD.scope <> NEW.scope BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (3, NEW.id);
END;
CREATE TRIGGER catalog_search_video_scoped AFTER UPDATE OF scope ON catalog_video WHEN OLD.scope <> NEW.scope BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (4, NEW.id);
END;
