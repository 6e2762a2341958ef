-- When a change of what is shown got its number, so that those who keep a copy can be told that nothing changed since.
-- 0 for those from before, of which it is not known.
ALTER TABLE catalog_search_change ADD COLUMN made_us BIGINT NOT NULL DEFAULT 0;
