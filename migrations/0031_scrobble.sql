-- The account whose connection it is is shut: what waits is held back until it is open again.
ALTER TABLE scrobble_connection ADD COLUMN held BOOLEAN NOT NULL DEFAULT FALSE;
