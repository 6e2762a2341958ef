-- Search. The index itself is in memory, made of the rows of the catalogue; kept here is what changed, so that every
-- node follows. Triggers write it down, so that no change can be forgotten, whoever makes it.

-- What changed since the last number was given: 1 an artist, 2 an album, 3 a track, 4 a video, 5 an artist and all
-- that bears its name, 6 an album and its tracks.
CREATE TABLE catalog_search_dirty (
    id BIGSERIAL PRIMARY KEY,
    kind BIGINT NOT NULL,
    item_id BIGINT NOT NULL
);

-- The same in one order without gaps, several thousand to a row: nine bytes each, the kind and the number. A row
-- without any says that everything is to be read again. Old rows go.
CREATE TABLE catalog_search_change (
    seq BIGINT PRIMARY KEY,
    items BYTEA NOT NULL
);

-- How much a thing is liked, by kind (1 to 4 as above): what ranks among equal matches.
CREATE TABLE catalog_popularity (
    kind BIGINT NOT NULL,
    item_id BIGINT NOT NULL,
    popularity BIGINT NOT NULL,
    PRIMARY KEY (kind, item_id)
);

-- The kind is the trigger's argument.
CREATE FUNCTION catalog_search_note_new() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (CAST(TG_ARGV[0] AS BIGINT), NEW.id);
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_search_note_old() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (CAST(TG_ARGV[0] AS BIGINT), OLD.id);
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_search_note_album_credit() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id)
    VALUES (2, CASE WHEN TG_OP = 'DELETE' THEN OLD.album_id ELSE NEW.album_id END);
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_search_note_track_credit() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id)
    VALUES (3, CASE WHEN TG_OP = 'DELETE' THEN OLD.track_id ELSE NEW.track_id END);
    RETURN NULL;
END $$;
CREATE FUNCTION catalog_search_note_popularity() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (NEW.kind, NEW.item_id);
    RETURN NULL;
END $$;

CREATE TRIGGER catalog_search_artist_new AFTER INSERT ON catalog_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_new(1);
CREATE TRIGGER catalog_search_artist_shown AFTER UPDATE OF hidden_us ON catalog_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_new(1);
CREATE TRIGGER catalog_search_artist_named AFTER UPDATE OF name ON catalog_artist
    FOR EACH ROW
    WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION catalog_search_note_new(5);
CREATE TRIGGER catalog_search_artist_gone AFTER DELETE ON catalog_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_old(1);

CREATE TRIGGER catalog_search_album_new AFTER INSERT ON catalog_album
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_new(2);
CREATE TRIGGER catalog_search_album_shown AFTER UPDATE OF hidden_us ON catalog_album
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_new(2);
CREATE TRIGGER catalog_search_album_named AFTER UPDATE OF title ON catalog_album
    FOR EACH ROW
    WHEN (OLD.title <> NEW.title) EXECUTE FUNCTION catalog_search_note_new(6);
CREATE TRIGGER catalog_search_album_gone AFTER DELETE ON catalog_album
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_old(2);
CREATE TRIGGER catalog_search_album_credited AFTER INSERT ON catalog_album_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_album_credit();
CREATE TRIGGER catalog_search_album_uncredited AFTER DELETE ON catalog_album_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_album_credit();

CREATE TRIGGER catalog_search_track_new AFTER INSERT ON catalog_track
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_new(3);
CREATE TRIGGER catalog_search_track_shown AFTER UPDATE OF title, album_id, hidden_us ON catalog_track
    FOR EACH ROW
    WHEN (OLD.title <> NEW.title OR OLD.album_id IS DISTINCT FROM NEW.album_id OR OLD.hidden_us IS DISTINCT FROM NEW.hidden_us) EXECUTE FUNCTION catalog_search_note_new(3);
CREATE TRIGGER catalog_search_track_gone AFTER DELETE ON catalog_track
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_old(3);
CREATE TRIGGER catalog_search_track_credited AFTER INSERT ON catalog_track_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_track_credit();
CREATE TRIGGER catalog_search_track_uncredited AFTER DELETE ON catalog_track_artist
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_track_credit();

CREATE TRIGGER catalog_search_video_new AFTER INSERT ON catalog_video
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_new(4);
CREATE TRIGGER catalog_search_video_shown AFTER UPDATE OF title, hidden_us ON catalog_video
    FOR EACH ROW
    WHEN (OLD.title <> NEW.title OR OLD.hidden_us IS DISTINCT FROM NEW.hidden_us) EXECUTE FUNCTION catalog_search_note_new(4);
CREATE TRIGGER catalog_search_video_gone AFTER DELETE ON catalog_video
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_old(4);

CREATE TRIGGER catalog_search_popularity_new AFTER INSERT ON catalog_popularity
    FOR EACH ROW EXECUTE FUNCTION catalog_search_note_popularity();
CREATE TRIGGER catalog_search_popularity_changed AFTER UPDATE OF popularity ON catalog_popularity
    FOR EACH ROW
    WHEN (OLD.popularity <> NEW.popularity) EXECUTE FUNCTION catalog_search_note_popularity();
