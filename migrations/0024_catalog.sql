-- What people correct in the page. An edit lies over what the files say and is applied anew by every scan (ADR 21).

-- How often the tags of a thing were edited; 0 while nobody has. Who edits says which number he saw.
ALTER TABLE catalog_track ADD COLUMN edits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_album ADD COLUMN edits BIGINT NOT NULL DEFAULT 0;
ALTER TABLE catalog_artist ADD COLUMN edits BIGINT NOT NULL DEFAULT 0;

-- Who uploaded it; nobody for what lies in a library, and for uploads from before.
ALTER TABLE catalog_track ADD COLUMN owner_id BIGINT;

-- Pictures that people gave; they go before those of files.
ALTER TABLE catalog_album ADD COLUMN given_picture_id BIGINT;
ALTER TABLE catalog_artist ADD COLUMN given_picture_id BIGINT;

CREATE TABLE catalog_edit (
    -- 'track', 'album' or 'artist'
    kind TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    -- JSON: the edited fields as people wrote them.
    edited TEXT NOT NULL,
    -- JSON: what the files say in their place.
    filed TEXT NOT NULL,
    PRIMARY KEY (kind, item_id)
);

-- Every edit of every thing, so that people see who changed what and take it back.
CREATE TABLE catalog_edit_history (
    -- The same for all things that were edited at once.
    edit_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    edited_us BIGINT NOT NULL,
    -- JSON: each field, what it was, what it became.
    changes TEXT NOT NULL,
    -- Somebody took it back.
    undone BOOLEAN NOT NULL,
    PRIMARY KEY (edit_id, kind, item_id)
);
CREATE INDEX catalog_edit_history_of ON catalog_edit_history (kind, item_id, edit_id);

-- Other names, and MusicBrainz identifiers, of artists whom people merged or renamed: files that have them mean this
-- artist.
CREATE TABLE catalog_artist_alias (
    -- Made as catalog_artist.name_key is, or of the identifier.
    key BYTEA PRIMARY KEY,
    artist_id BIGINT NOT NULL
);
CREATE INDEX catalog_artist_alias_of ON catalog_artist_alias (artist_id);
