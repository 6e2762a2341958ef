-- The outbox: a change's event, written with the change. `seq` is given by the relay, in order and without gaps.
CREATE TABLE kernel_event (
    id BIGSERIAL PRIMARY KEY,
    seq BIGINT UNIQUE,
    kind TEXT NOT NULL,
    subject BIGINT NOT NULL,
    payload TEXT NOT NULL,
    at_us BIGINT NOT NULL
);
CREATE INDEX kernel_event_unsequenced ON kernel_event (id) WHERE seq IS NULL;

-- How far each projection has read.
CREATE TABLE kernel_projection (
    name TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
);

CREATE TABLE kernel_job (
    id BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    -- At most one job of a kind and key is waiting or running; NULL leaves it free.
    key TEXT,
    payload TEXT NOT NULL,
    -- 'ready', 'running', 'done' or 'failed'
    state TEXT NOT NULL,
    priority BIGINT NOT NULL,
    run_at_us BIGINT NOT NULL,
    leased_until_us BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    attempt BIGINT NOT NULL,
    attempts_max BIGINT NOT NULL,
    -- Thousandths of the work that are done.
    progress BIGINT NOT NULL,
    worker TEXT,
    error TEXT,
    created_us BIGINT NOT NULL,
    ended_us BIGINT
);
CREATE INDEX kernel_job_ready ON kernel_job (kind, priority, run_at_us, id) WHERE state = 'ready';
CREATE INDEX kernel_job_leases ON kernel_job (leased_until_us) WHERE state = 'running';
CREATE INDEX kernel_job_ended ON kernel_job (ended_us) WHERE state IN ('done', 'failed');
CREATE UNIQUE INDEX kernel_job_key ON kernel_job (kind, key) WHERE state IN ('ready', 'running');
CREATE INDEX kernel_job_by_key ON kernel_job (kind, key, id);

-- Secrets that every node of a fleet shares, made on first use.
CREATE TABLE kernel_secret (
    name TEXT NOT NULL PRIMARY KEY,
    bytes BYTEA NOT NULL
);
