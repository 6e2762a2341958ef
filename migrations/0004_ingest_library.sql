-- Folders of music and video that an administrator named, and what was found in them.
-- Paths and names are BYTEA: on Linux they are bytes, not text.

CREATE TABLE ingest_library (
    id BIGINT PRIMARY KEY,
    path BYTEA NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- 'idle', 'scanning', 'failed' or 'removed'
    state TEXT NOT NULL,
    -- Why the last scan failed.
    problem TEXT,
    created_us BIGINT NOT NULL,
    scanned_us BIGINT,
    -- When to look again: sooner when files were still being written; far off when never.
    due_us BIGINT NOT NULL,
    -- Somebody asked for a scan while one was running.
    again BOOLEAN NOT NULL,
    -- How far the running scan is.
    seen BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    -- What the last scan found.
    files BIGINT NOT NULL,
    tracks BIGINT NOT NULL,
    videos BIGINT NOT NULL,
    broken BIGINT NOT NULL
);
CREATE INDEX ingest_library_due ON ingest_library (due_us) WHERE state <> 'removed';

CREATE TABLE ingest_folder (
    id BIGINT PRIMARY KEY,
    library_id BIGINT NOT NULL,
    -- Below the library's path, with a zero byte where a path has a slash: then the order of the bytes is the
    -- order in which a walk meets the folders.
    path BYTEA NOT NULL,
    -- The file system that it was on, to tell an unmounted drive from an emptied folder.
    device BIGINT NOT NULL,
    -- Hash of names, sizes, times and inodes of what is in it; empty when it must be looked into again.
    fingerprint BYTEA NOT NULL,
    -- Hash of name, size and time of the picture that stands for it; empty without one.
    cover BYTEA NOT NULL,
    -- It was not there at the last look.
    gone BOOLEAN NOT NULL,
    UNIQUE (library_id, path)
);

-- A file's identity, which outlives its place, name and tags.
CREATE TABLE ingest_file (
    id BIGINT PRIMARY KEY,
    library_id BIGINT NOT NULL,
    folder_id BIGINT NOT NULL,
    name BYTEA NOT NULL,
    bytes BIGINT NOT NULL,
    mtime_ns BIGINT NOT NULL,
    device BIGINT NOT NULL,
    inode BIGINT NOT NULL,
    -- Hash of samples of the sound or picture data, which new tags leave as they are; NULL when it was never read.
    sample BYTEA,
    -- Hash of the MusicBrainz recording and release, when the tags name both.
    work BYTEA,
    -- 'shown', 'broken', 'missing' (not met in this scan) or 'gone' (hidden)
    state TEXT NOT NULL,
    track_id BIGINT,
    video_id BIGINT
);
CREATE INDEX ingest_file_place ON ingest_file (folder_id, name);
CREATE INDEX ingest_file_sample ON ingest_file (sample, bytes, mtime_ns) WHERE sample IS NOT NULL;
CREATE INDEX ingest_file_work ON ingest_file (work) WHERE work IS NOT NULL;
CREATE INDEX ingest_file_state ON ingest_file (library_id, state, id);

CREATE TABLE ingest_problem (
    id BIGINT PRIMARY KEY,
    library_id BIGINT NOT NULL,
    -- Hash of the path, since a path may be longer than an index takes.
    key BYTEA NOT NULL,
    -- The file that has it; without one it is the walk's, and goes when a later walk (`pass`) does not repeat it.
    file_id BIGINT,
    pass BIGINT NOT NULL,
    -- As it is shown, below the library's path.
    path TEXT NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    seen_us BIGINT NOT NULL,
    UNIQUE (library_id, key)
);
CREATE INDEX ingest_problem_of_file ON ingest_problem (file_id) WHERE file_id IS NOT NULL;
CREATE INDEX ingest_problem_of_walk ON ingest_problem (library_id, pass) WHERE file_id IS NULL;
CREATE INDEX ingest_problem_listed ON ingest_problem (library_id, id);
