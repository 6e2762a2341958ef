-- Internet radio stations: addresses of others' streams, that every member sees and administrators change.
CREATE TABLE catalog_radio_station (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    sort_key BYTEA NOT NULL,
    stream TEXT NOT NULL,
    home_page TEXT,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE INDEX catalog_radio_station_name ON catalog_radio_station (sort_key, id);
