-- What is taken over from an account elsewhere, listens and favourites alike: how far that is. A run reads listens from
-- the newest back to where the run before began, and favourites from the first on.
CREATE TABLE scrobble_takeover (
    connection_id BIGINT NOT NULL,
    -- 'listens' or 'favourites'
    what TEXT NOT NULL,
    -- Of listens, in seconds since 1970: nothing from before since_s is taken over; the newest listen of the runs that
    -- ended, and of the one under way; and before what that goes on, NULL between runs.
    since_s BIGINT NOT NULL,
    done_s BIGINT NOT NULL,
    top_s BIGINT NOT NULL,
    before_s BIGINT,
    -- Of favourites: so many were read.
    read_count BIGINT NOT NULL,
    -- When it goes on; NULL when it does not by itself.
    next_us BIGINT,
    failures BIGINT NOT NULL,
    problem TEXT,
    finished_us BIGINT,
    -- What was counted as a play or became a favourite, what was known already, and what is of no track here.
    taken BIGINT NOT NULL,
    known BIGINT NOT NULL,
    unmatched BIGINT NOT NULL,
    PRIMARY KEY (connection_id, what)
);
CREATE INDEX scrobble_takeover_due ON scrobble_takeover (what, next_us, connection_id) WHERE next_us IS NOT NULL;

INSERT INTO scrobble_takeover (connection_id, what, since_s, done_s, top_s, before_s, read_count, next_us, failures,
        problem, finished_us, taken, known, unmatched)
    SELECT connection_id, 'listens', since_s, done_s, top_s, before_s, 0, next_us, failures, problem, finished_us,
        counted, known, unmatched
    FROM scrobble_import;
INSERT INTO scrobble_takeover (connection_id, what, since_s, done_s, top_s, before_s, read_count, next_us, failures,
        problem, finished_us, taken, known, unmatched)
    SELECT connection_id, 'favourites', 0, 0, 0, NULL, read_count,
        CASE WHEN finished_us IS NULL THEN next_us ELSE NULL END, failures, problem, finished_us, added, known, unmatched
    FROM scrobble_favourite_import;
-- The two tables that this one takes the place of stay empty until a later release drops them.
DELETE FROM scrobble_import;
DELETE FROM scrobble_favourite_import;

-- Services that asked to be left alone: a whole server, or one account there. Nothing of the house asks before then.
CREATE TABLE scrobble_silence (
    root TEXT NOT NULL,
    -- What the account is called there; empty for the whole server.
    name TEXT NOT NULL,
    until_us BIGINT NOT NULL,
    PRIMARY KEY (root, name)
);
CREATE INDEX scrobble_silence_until ON scrobble_silence (until_us);

-- Since when nothing of it succeeded; NULL after a success. After two weeks the state becomes 'gone': the service is not
-- asked any more until the listener says so.
ALTER TABLE scrobble_connection ADD COLUMN failing_us BIGINT;
-- What was refused, or not told since too much waited, and is not listed any more.
ALTER TABLE scrobble_connection ADD COLUMN unlisted BIGINT NOT NULL DEFAULT 0;
ALTER TABLE scrobble_takeover ADD COLUMN failing_us BIGINT;
-- Since when it is known that the service will not take it, and why; as in scrobble_listen.
ALTER TABLE scrobble_favourite ADD COLUMN failed_us BIGINT;
ALTER TABLE scrobble_favourite ADD COLUMN problem TEXT;
DROP INDEX scrobble_favourite_order;
CREATE INDEX scrobble_favourite_waiting ON scrobble_favourite (connection_id, seq) WHERE failed_us IS NULL;
CREATE INDEX scrobble_favourite_failed ON scrobble_favourite (connection_id, seq) WHERE failed_us IS NOT NULL;
