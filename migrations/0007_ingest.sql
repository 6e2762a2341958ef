-- What the scan took from a file when it read it last; a file that was read by an older scan is read again once.
ALTER TABLE ingest_file ADD COLUMN taken BIGINT NOT NULL DEFAULT 1;
-- Hash of names, sizes and times of the files with its lyrics that lie beside it; NULL without any.
ALTER TABLE ingest_file ADD COLUMN beside BYTEA;
