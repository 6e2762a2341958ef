-- Pictures that nothing names go. When the sweep first found that nothing does; who names one again takes it back.
ALTER TABLE catalog_picture ADD COLUMN loose_us BIGINT;

-- What names a picture, for the sweep to ask.
CREATE INDEX catalog_track_picture ON catalog_track (picture_id) WHERE picture_id IS NOT NULL;
CREATE INDEX catalog_album_picture ON catalog_album (picture_id) WHERE picture_id IS NOT NULL;
CREATE INDEX catalog_album_given ON catalog_album (given_picture_id) WHERE given_picture_id IS NOT NULL;
CREATE INDEX catalog_artist_given ON catalog_artist (given_picture_id) WHERE given_picture_id IS NOT NULL;
CREATE INDEX catalog_video_picture ON catalog_video (picture_id) WHERE picture_id IS NOT NULL;

-- How many pictures an account gave within the hour that began then.
CREATE TABLE catalog_giver (
    user_id BIGINT PRIMARY KEY,
    since_us BIGINT NOT NULL,
    given BIGINT NOT NULL
);
