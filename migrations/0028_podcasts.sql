-- How long the file is that was here, beside what the feed says: who did not ask for the file is told the latter.
ALTER TABLE podcasts_episode ADD COLUMN measured_ms BIGINT;
-- When an episode that failed is tried again by itself, and how often that was done.
ALTER TABLE podcasts_episode ADD COLUMN retry_us BIGINT;
ALTER TABLE podcasts_episode ADD COLUMN tries BIGINT NOT NULL DEFAULT 0;
CREATE INDEX podcasts_episode_state ON podcasts_episode (state, id);
-- What was read last, so that the same is not entered again, and when a cover was last kept.
ALTER TABLE podcasts_feed ADD COLUMN body_hash TEXT;
ALTER TABLE podcasts_feed ADD COLUMN cover_us BIGINT;
