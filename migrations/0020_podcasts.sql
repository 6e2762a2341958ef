-- A feed that somebody subscribes to. Everybody's subscriptions share it; nobody sees who else has it.
CREATE TABLE podcasts_feed (
    id BIGINT PRIMARY KEY,
    address TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    author TEXT NOT NULL,
    description TEXT NOT NULL,
    link TEXT,
    language TEXT,
    explicit BOOLEAN NOT NULL,
    image_address TEXT,
    picture_id BIGINT,
    -- What the server said of the state that was read last.
    etag TEXT,
    last_modified TEXT,
    checked_us BIGINT,
    next_us BIGINT NOT NULL,
    -- Failures one after the other; a success makes it 0.
    failures BIGINT NOT NULL,
    problem TEXT
);
CREATE INDEX podcasts_feed_next ON podcasts_feed (next_us, id);

CREATE TABLE podcasts_episode (
    id BIGINT PRIMARY KEY,
    feed_id BIGINT NOT NULL,
    -- A hash of what the feed calls it by.
    guid_hash TEXT NOT NULL,
    title TEXT NOT NULL,
    notes TEXT NOT NULL,
    link TEXT,
    published_us BIGINT NOT NULL,
    found_us BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    season BIGINT,
    number BIGINT,
    explicit BOOLEAN NOT NULL,
    enclosure TEXT NOT NULL,
    enclosure_bytes BIGINT NOT NULL,
    chapters_address TEXT,
    transcript_address TEXT,
    -- JSON, as it is shown.
    chapters TEXT NOT NULL,
    -- 'remote', 'waiting', 'ready' or 'failed'
    state TEXT NOT NULL,
    problem TEXT,
    media_id BIGINT,
    UNIQUE (feed_id, guid_hash)
);
CREATE INDEX podcasts_episode_published ON podcasts_episode (feed_id, published_us, id);
CREATE INDEX podcasts_episode_found ON podcasts_episode (feed_id, found_us);

CREATE TABLE podcasts_subscription (
    user_id BIGINT NOT NULL,
    feed_id BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    -- Downloads that are kept, the newest.
    keep BIGINT NOT NULL,
    -- Whether new episodes are downloaded by themselves.
    fetch_new BOOLEAN NOT NULL,
    speed_percent BIGINT NOT NULL,
    PRIMARY KEY (user_id, feed_id)
);
CREATE INDEX podcasts_subscription_feed ON podcasts_subscription (feed_id);

CREATE TABLE podcasts_progress (
    user_id BIGINT NOT NULL,
    episode_id BIGINT NOT NULL,
    position_ms BIGINT NOT NULL,
    played BOOLEAN NOT NULL,
    changed_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, episode_id)
);
CREATE INDEX podcasts_progress_episode ON podcasts_progress (episode_id);

-- Who wants the bytes of an episode here. They go when nobody does.
CREATE TABLE podcasts_want (
    user_id BIGINT NOT NULL,
    episode_id BIGINT NOT NULL,
    feed_id BIGINT NOT NULL,
    wanted_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, episode_id)
);
CREATE INDEX podcasts_want_episode ON podcasts_want (episode_id);
CREATE INDEX podcasts_want_feed ON podcasts_want (user_id, feed_id);
