-- Music and films by the folders in which their files lie, beside what their tags make of them.

CREATE TABLE catalog_folder (
    id BIGINT PRIMARY KEY,
    library_id BIGINT NOT NULL,
    -- 0 for the top of a library.
    parent_id BIGINT NOT NULL,
    -- Hash of the library and of the path below it, since a path may be longer than an index takes.
    key BYTEA NOT NULL UNIQUE,
    -- As it is shown; names of files are bytes.
    name TEXT NOT NULL,
    sort_key BYTEA NOT NULL,
    -- That of its library while something in it, or below it, is shown; else 0, and nobody sees it.
    scope BIGINT NOT NULL
);
CREATE INDEX catalog_folder_in ON catalog_folder (parent_id, sort_key, id, scope);

-- In which folder its file lies, and the key that puts files in order.
ALTER TABLE catalog_track ADD COLUMN folder_id BIGINT;
ALTER TABLE catalog_track ADD COLUMN file_key BYTEA;
ALTER TABLE catalog_track ADD COLUMN file_name TEXT;
CREATE INDEX catalog_track_in ON catalog_track (folder_id, file_key, id, scope) WHERE hidden_us IS NULL;
ALTER TABLE catalog_video ADD COLUMN folder_id BIGINT;
ALTER TABLE catalog_video ADD COLUMN file_key BYTEA;
ALTER TABLE catalog_video ADD COLUMN file_name TEXT;
CREATE INDEX catalog_video_in ON catalog_video (folder_id, file_key, id, scope) WHERE hidden_us IS NULL;

-- Whether the files of a library that were known before folders were kept have been put into theirs.
ALTER TABLE catalog_library ADD COLUMN placed BOOLEAN NOT NULL DEFAULT FALSE;
