-- What a player is called, for people. Its `client` also tells apart those of one name that came with different sessions or
-- app keys. Empty where that is the name.
ALTER TABLE catalog_playing ADD COLUMN name TEXT NOT NULL DEFAULT '';
