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

CREATE TRIGGER catalog_search_artist_new AFTER INSERT ON catalog_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (1, NEW.id);
END;
CREATE TRIGGER catalog_search_artist_shown AFTER UPDATE OF hidden_us ON catalog_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (1, NEW.id);
END;
CREATE TRIGGER catalog_search_artist_named AFTER UPDATE OF name ON catalog_artist WHEN OLD.name <> NEW.name BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (5, NEW.id);
END;
CREATE TRIGGER catalog_search_artist_gone AFTER DELETE ON catalog_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (1, OLD.id);
END;

CREATE TRIGGER catalog_search_album_new AFTER INSERT ON catalog_album BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (2, NEW.id);
END;
CREATE TRIGGER catalog_search_album_shown AFTER UPDATE OF hidden_us ON catalog_album BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (2, NEW.id);
END;
CREATE TRIGGER catalog_search_album_named AFTER UPDATE OF title ON catalog_album WHEN OLD.title <> NEW.title BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (6, NEW.id);
END;
CREATE TRIGGER catalog_search_album_gone AFTER DELETE ON catalog_album BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (2, OLD.id);
END;
CREATE TRIGGER catalog_search_album_credited AFTER INSERT ON catalog_album_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (2, NEW.album_id);
END;
CREATE TRIGGER catalog_search_album_uncredited AFTER DELETE ON catalog_album_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (2, OLD.album_id);
END;

CREATE TRIGGER catalog_search_track_new AFTER INSERT ON catalog_track BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (3, NEW.id);
END;
CREATE TRIGGER catalog_search_track_shown AFTER UPDATE OF title, album_id, hidden_us ON catalog_track
WHEN OLD.title <> NEW.title OR OLD.album_id IS NOT NEW.album_id OR OLD.hidden_us IS NOT NEW.hidden_us BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (3, NEW.id);
END;
CREATE TRIGGER catalog_search_track_gone AFTER DELETE ON catalog_track BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (3, OLD.id);
END;
CREATE TRIGGER catalog_search_track_credited AFTER INSERT ON catalog_track_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (3, NEW.track_id);
END;
CREATE TRIGGER catalog_search_track_uncredited AFTER DELETE ON catalog_track_artist BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (3, OLD.track_id);
END;

CREATE TRIGGER catalog_search_video_new AFTER INSERT ON catalog_video BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (4, NEW.id);
END;
CREATE TRIGGER catalog_search_video_shown AFTER UPDATE OF title, hidden_us ON catalog_video
WHEN OLD.title <> NEW.title OR OLD.hidden_us IS NOT NEW.hidden_us BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (4, NEW.id);
END;
CREATE TRIGGER catalog_search_video_gone AFTER DELETE ON catalog_video BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (4, OLD.id);
END;

CREATE TRIGGER catalog_search_popularity_new AFTER INSERT ON catalog_popularity BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (NEW.kind, NEW.item_id);
END;
CREATE TRIGGER catalog_search_popularity_changed AFTER UPDATE OF popularity ON catalog_popularity
WHEN OLD.popularity <> NEW.popularity BEGIN
    INSERT INTO catalog_search_dirty (kind, item_id) VALUES (NEW.kind, NEW.item_id);
END;
