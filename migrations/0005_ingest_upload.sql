-- An upload from its creation until its owner dismisses it.
CREATE TABLE ingest_upload (
    id BIGINT PRIMARY KEY,
    owner BIGINT NOT NULL,
    filename TEXT NOT NULL,
    -- As the client sent it; tus wants it repeated.
    metadata TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    -- What is acknowledged: synced to the staging file before it is written here.
    received_bytes BIGINT NOT NULL,
    -- 'receiving', 'waiting', 'probing', 'encoding', 'ready' or 'failed'
    state TEXT NOT NULL,
    -- Whether the staging file still belongs to this row.
    staged BOOLEAN NOT NULL,
    -- Thousandths of the encode that are done.
    progress BIGINT NOT NULL,
    problem_code TEXT,
    problem_detail TEXT,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    -- When what is staged is thrown away; NULL once it is safe.
    expires_us BIGINT,
    media BIGINT,
    video BIGINT,
    track BIGINT,
    album BIGINT
);
CREATE INDEX ingest_upload_owner ON ingest_upload (owner, id);
CREATE INDEX ingest_upload_receiving ON ingest_upload (owner, bytes, received_bytes) WHERE state = 'receiving';
CREATE INDEX ingest_upload_expiring ON ingest_upload (expires_us) WHERE expires_us IS NOT NULL;
CREATE INDEX ingest_upload_staged ON ingest_upload (id) WHERE staged;
CREATE INDEX ingest_upload_ended ON ingest_upload (changed_us) WHERE state IN ('ready', 'failed');
CREATE INDEX ingest_upload_media ON ingest_upload (media) WHERE media IS NOT NULL;
CREATE INDEX ingest_upload_video ON ingest_upload (video) WHERE video IS NOT NULL;
