-- Favourites, as they are told to accounts elsewhere and taken over from there.

-- Whether favourites are told. Who connected when none were is asked first.
ALTER TABLE scrobble_connection ADD COLUMN favours BOOLEAN NOT NULL DEFAULT FALSE;
-- What stands in the way of telling them; NULL when nothing does.
ALTER TABLE scrobble_connection ADD COLUMN favours_problem TEXT;
-- The place, in the one order of events, of the last change of a favourite that was looked at; NULL until the order has
-- reached the moment of connecting.
ALTER TABLE scrobble_connection ADD COLUMN favours_seq BIGINT;
-- Changes that the service has taken.
ALTER TABLE scrobble_connection ADD COLUMN favours_sent BIGINT NOT NULL DEFAULT 0;
UPDATE scrobble_connection SET favours_seq = queued_seq;

-- Favourites that wait to be told: how each thing stands now, however often it was changed meanwhile.
CREATE TABLE scrobble_favourite (
    connection_id BIGINT NOT NULL,
    -- What the service keeps it under: a recording's MusicBrainz number, or the number of the track here.
    thing TEXT NOT NULL,
    -- The place of the event of its last change.
    seq BIGINT NOT NULL,
    loved BOOLEAN NOT NULL,
    -- JSON, see catalog::listens::ListenFacts.
    facts TEXT NOT NULL,
    PRIMARY KEY (connection_id, thing)
);
CREATE INDEX scrobble_favourite_order ON scrobble_favourite (connection_id, seq);

-- Favourites of an account elsewhere that are taken over: how far that is.
CREATE TABLE scrobble_favourite_import (
    connection_id BIGINT PRIMARY KEY,
    -- So many were read.
    read_count BIGINT NOT NULL,
    next_us BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    problem TEXT,
    finished_us BIGINT,
    -- Those that became favourites, that were some already, and of which no track is here.
    added BIGINT NOT NULL,
    known BIGINT NOT NULL,
    unmatched BIGINT NOT NULL
);
CREATE INDEX scrobble_favourite_import_due ON scrobble_favourite_import (next_us, connection_id)
    WHERE finished_us IS NULL;
