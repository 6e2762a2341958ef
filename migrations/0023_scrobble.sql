-- An account elsewhere to which a listener's plays are told; at most one of each service.
CREATE TABLE scrobble_connection (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    -- 'listenbrainz' or 'lastfm'
    service TEXT NOT NULL,
    -- Where the service's API is.
    root TEXT NOT NULL,
    -- What the account is called there.
    name TEXT NOT NULL,
    -- Whether it takes many listens at once and knows those again that it has among them.
    batches BOOLEAN NOT NULL,
    -- 'working', or 'refused': the service takes its token no more
    state TEXT NOT NULL,
    -- Why the last try failed; NULL after a success.
    problem TEXT,
    created_us BIGINT NOT NULL,
    -- Nothing is sent before this. Failures one after the other; a success makes them 0.
    next_us BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    sent_us BIGINT,
    -- The place, in the one order of events, of the last play that was queued; NULL until the order has reached the
    -- moment of connecting, so that no play from before is sent.
    queued_seq BIGINT,
    -- The queue was full: plays after queued_seq wait in scrobble_heard and follow when there is room.
    behind BOOLEAN NOT NULL,
    -- What was told last as playing now, and when.
    playing TEXT,
    playing_us BIGINT,
    UNIQUE (user_id, service)
);
CREATE INDEX scrobble_connection_due ON scrobble_connection (state, next_us, id);

-- What proves to a service who asks. Apart from the connections, so that no list of them can bring it along.
CREATE TABLE scrobble_secret (
    connection_id BIGINT PRIMARY KEY,
    token TEXT NOT NULL
);

-- A way to an account that its owner has not allowed yet.
CREATE TABLE scrobble_pending (
    user_id BIGINT NOT NULL,
    service TEXT NOT NULL,
    token TEXT NOT NULL,
    expires_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, service)
);

-- Listens that wait to be sent, one for each play and connection, in the order of their plays.
CREATE TABLE scrobble_listen (
    connection_id BIGINT NOT NULL,
    -- The place of the play's event.
    seq BIGINT NOT NULL,
    listened_us BIGINT NOT NULL,
    -- JSON, see catalog::listens::ListenFacts: what was played, as the catalogue had it then.
    facts TEXT NOT NULL,
    -- Since when it is known that the service will not take it, and why.
    failed_us BIGINT,
    problem TEXT,
    PRIMARY KEY (connection_id, seq)
);
CREATE INDEX scrobble_listen_waiting ON scrobble_listen (connection_id, seq) WHERE failed_us IS NULL;
CREATE INDEX scrobble_listen_failed ON scrobble_listen (connection_id, seq) WHERE failed_us IS NOT NULL;

-- Every play that was counted, derived from events: what a full queue goes on with, and how listens that come back are
-- known again.
CREATE TABLE scrobble_heard (
    user_id BIGINT NOT NULL,
    at_us BIGINT NOT NULL,
    track_id BIGINT NOT NULL,
    -- The place of its event; NULL until the order has reached it.
    seq BIGINT,
    -- It came from elsewhere, so it is not sent.
    foreign_play BOOLEAN NOT NULL,
    PRIMARY KEY (user_id, at_us, track_id)
);
CREATE INDEX scrobble_heard_track ON scrobble_heard (user_id, track_id, at_us);
CREATE INDEX scrobble_heard_order ON scrobble_heard (user_id, seq);

-- Listens of an account elsewhere that are taken over: how far that is. A run reads from the newest listen back to where
-- the run before began.
CREATE TABLE scrobble_import (
    connection_id BIGINT PRIMARY KEY,
    -- Nothing from before is taken over. Seconds since 1970, like the other times of listens.
    since_s BIGINT NOT NULL,
    -- The newest listen of the runs that ended, and of the one under way.
    done_s BIGINT NOT NULL,
    top_s BIGINT NOT NULL,
    -- The run under way goes on before this; NULL between runs.
    before_s BIGINT,
    next_us BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    problem TEXT,
    finished_us BIGINT,
    -- Listens that were counted as plays, that were known already, and of which no track is here.
    counted BIGINT NOT NULL,
    known BIGINT NOT NULL,
    unmatched BIGINT NOT NULL
);
CREATE INDEX scrobble_import_due ON scrobble_import (next_us, connection_id);
