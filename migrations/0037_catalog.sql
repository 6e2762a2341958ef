-- The picture that somebody gave a playlist; it goes before the cover of the album that was chosen for it.
ALTER TABLE catalog_playlist ADD COLUMN given_picture_id BIGINT;

-- What names a picture, for the sweep to ask.
CREATE INDEX catalog_playlist_given ON catalog_playlist (given_picture_id) WHERE given_picture_id IS NOT NULL;
