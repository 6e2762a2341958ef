-- What was measured of the sound of music: once for each state of a file.

-- 'due', 'done', 'failed' or 'away' (the file was not there; due again when it comes back)
ALTER TABLE catalog_media ADD COLUMN heard TEXT NOT NULL DEFAULT 'due';
-- Tries that were begun, so that a file that brings down its worker is given up.
ALTER TABLE catalog_media ADD COLUMN heard_tries BIGINT NOT NULL DEFAULT 0;
-- Why it failed: a code, a colon and a sentence.
ALTER TABLE catalog_media ADD COLUMN heard_problem TEXT;
CREATE INDEX catalog_media_unheard ON catalog_media (heard, id) WHERE kind = 'audio' AND heard = 'due';

CREATE TABLE catalog_sound (
    media_id BIGINT PRIMARY KEY,
    -- The state of the source that was measured; with another one in catalog_media this row says nothing.
    bytes BIGINT NOT NULL,
    stamp BIGINT NOT NULL,
    -- Of the way of measuring.
    version BIGINT NOT NULL,
    sample_rate_hz BIGINT NOT NULL,
    -- Decoded, for each channel, without the coder's delay and padding.
    samples BIGINT NOT NULL,
    -- Samples of silence at its beginning and at its end.
    lead_samples BIGINT NOT NULL,
    tail_samples BIGINT NOT NULL,
    -- Thousandths of LUFS, of dBTP and of LU; NULL where there is nothing but silence.
    loudness BIGINT,
    peak BIGINT,
    loudness_range BIGINT,
    -- How many gating blocks of 400 ms are how loud, of which an album's loudness is made.
    blocks BYTEA NOT NULL,
    -- What it sounds like, a signed byte a dimension; empty for silence.
    vector BYTEA NOT NULL
);

-- The shape of the sound for the seek bar; apart, since only one track's is ever wanted.
CREATE TABLE catalog_waveform (
    media_id BIGINT PRIMARY KEY,
    -- One byte a bucket each, 255 is full scale.
    peaks BYTEA NOT NULL,
    means BYTEA NOT NULL
);
