-- What was encoded of music is kept as long as there is room for it: how large it is, and when it was last asked for.
ALTER TABLE catalog_media ADD COLUMN encoded_bytes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_media ADD COLUMN asked_us BIGINT NOT NULL DEFAULT 0;

UPDATE catalog_media SET encoded_bytes =
    COALESCE((SELECT CAST(SUM(s.bytes) AS BIGINT) FROM catalog_rendition r
        JOIN catalog_segment s ON s.rendition_id = r.id WHERE r.media_id = catalog_media.id), 0)
    + COALESCE((SELECT CAST(SUM(r.init_bytes) AS BIGINT) FROM catalog_rendition r
        WHERE r.media_id = catalog_media.id), 0)
WHERE kind = 'audio' AND state = 'ready';

CREATE INDEX catalog_media_kept ON catalog_media (asked_us, id, encoded_bytes)
    WHERE kind = 'audio' AND encoded_bytes > 0;
