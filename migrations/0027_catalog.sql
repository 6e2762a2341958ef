-- Tracks by their MusicBrainz recording: how another house's listens are known again.
CREATE INDEX catalog_track_musicbrainz ON catalog_track (musicbrainz, id) WHERE musicbrainz IS NOT NULL;
