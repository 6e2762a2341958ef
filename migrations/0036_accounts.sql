-- What a music app that signs in with this is given as folders: 'tags' (artists and their albums) or 'drive' (the folders in
-- which the files lie), and since when it is that: apps keep what they were given until they are told of a change.
ALTER TABLE accounts_token ADD COLUMN folders TEXT NOT NULL DEFAULT 'tags';
ALTER TABLE accounts_token ADD COLUMN folders_us BIGINT;
