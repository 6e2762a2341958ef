-- Playlists, and what a listener leaves behind for the next device: queue, bookmarks, devices.

CREATE TABLE catalog_playlist (
    id BIGINT PRIMARY KEY,
    owner_id BIGINT NOT NULL,
    name TEXT NOT NULL,
    sort_key BYTEA NOT NULL,
    description TEXT NOT NULL,
    public BOOLEAN NOT NULL,
    -- The rules of a smart playlist as JSON; NULL for one whose entries people choose.
    rules TEXT,
    -- The album whose cover was chosen.
    cover_album_id BIGINT,
    -- Entries, those of hidden tracks too.
    entry_count BIGINT NOT NULL,
    -- Entries whose tracks are shown, and how long they play together; kept up with each change of either.
    track_count BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    -- Grows with each change of the entries.
    version BIGINT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL
);
CREATE INDEX catalog_playlist_owned ON catalog_playlist (owner_id, sort_key, id);
CREATE INDEX catalog_playlist_public ON catalog_playlist (sort_key, id) WHERE public;

CREATE TABLE catalog_playlist_entry (
    id BIGINT PRIMARY KEY,
    playlist_id BIGINT NOT NULL,
    -- Sparse, so that a move writes one row.
    position BIGINT NOT NULL,
    track_id BIGINT NOT NULL,
    added_by BIGINT NOT NULL,
    added_us BIGINT NOT NULL
);
CREATE INDEX catalog_playlist_entry_order ON catalog_playlist_entry (playlist_id, position, id);
CREATE INDEX catalog_playlist_entry_track ON catalog_playlist_entry (track_id, playlist_id);

-- Who else may change the entries. The sort key is the playlist's, so that they are listed without sorting.
CREATE TABLE catalog_playlist_editor (
    playlist_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    sort_key BYTEA NOT NULL,
    added_us BIGINT NOT NULL,
    PRIMARY KEY (playlist_id, user_id)
);
CREATE INDEX catalog_playlist_editor_of ON catalog_playlist_editor (user_id, sort_key, playlist_id);

-- A listener's own folders, and which playlist lies in which of them, for that listener alone.
CREATE TABLE catalog_playlist_folder (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    parent_id BIGINT,
    name TEXT NOT NULL,
    sort_key BYTEA NOT NULL
);
CREATE INDEX catalog_playlist_folder_of ON catalog_playlist_folder (user_id, sort_key, id);

CREATE TABLE catalog_playlist_place (
    user_id BIGINT NOT NULL,
    playlist_id BIGINT NOT NULL,
    folder_id BIGINT NOT NULL,
    PRIMARY KEY (user_id, playlist_id)
);
CREATE INDEX catalog_playlist_place_in ON catalog_playlist_place (folder_id);
CREATE INDEX catalog_playlist_place_of ON catalog_playlist_place (playlist_id);

-- What a smart playlist held when somebody last opened it, so that the pages after the first go on in the same list.
CREATE TABLE catalog_playlist_found (
    playlist_id BIGINT NOT NULL,
    user_id BIGINT NOT NULL,
    found_us BIGINT NOT NULL,
    -- Numbers of tracks as a JSON list.
    tracks TEXT NOT NULL,
    PRIMARY KEY (playlist_id, user_id)
);

-- Accounts by their handles, derived from the events of accounts.
CREATE TABLE catalog_handle (
    handle TEXT NOT NULL PRIMARY KEY,
    user_id BIGINT NOT NULL UNIQUE
);

CREATE TABLE catalog_queue (
    user_id BIGINT PRIMARY KEY,
    -- Grows with each new list, not with each new position.
    version BIGINT NOT NULL,
    track_count BIGINT NOT NULL,
    -- Index in the list, from 0.
    current_index BIGINT NOT NULL,
    position_ms BIGINT NOT NULL,
    -- What the client that wrote last calls itself.
    changed_by TEXT NOT NULL,
    changed_us BIGINT NOT NULL
);

-- The list itself lies apart, so that a new position does not write it again.
CREATE TABLE catalog_queue_list (
    user_id BIGINT PRIMARY KEY,
    -- Numbers of tracks as a JSON list.
    tracks TEXT NOT NULL
);

CREATE TABLE catalog_bookmark (
    user_id BIGINT NOT NULL,
    -- 'track' or 'video'
    kind TEXT NOT NULL,
    item_id BIGINT NOT NULL,
    position_ms BIGINT NOT NULL,
    comment TEXT NOT NULL,
    created_us BIGINT NOT NULL,
    changed_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, kind, item_id)
);
CREATE INDEX catalog_bookmark_listed ON catalog_bookmark (user_id, changed_us, item_id);

-- What plays for a listener where.
CREATE TABLE catalog_device (
    user_id BIGINT NOT NULL,
    -- As the device calls itself, the same at each visit.
    device TEXT NOT NULL,
    name TEXT NOT NULL,
    -- 'playing', 'paused' or 'stopped'
    state TEXT NOT NULL,
    track_id BIGINT,
    position_ms BIGINT NOT NULL,
    -- Hundredths.
    volume BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, device)
);

-- What a device was told to do and has not fetched yet.
CREATE TABLE catalog_device_command (
    id BIGINT PRIMARY KEY,
    user_id BIGINT NOT NULL,
    device TEXT NOT NULL,
    -- JSON.
    command TEXT NOT NULL,
    expires_us BIGINT NOT NULL
);
CREATE INDEX catalog_device_command_for ON catalog_device_command (user_id, device, id);

-- Files by their names without folders, and tracks by what plays, for lists of paths that come from elsewhere.
CREATE INDEX catalog_media_named ON catalog_media
    (substr(source, length(rtrim(source, replace(source, '/', ''))) + 1, 255)) WHERE place = 'file';
CREATE INDEX catalog_track_of_media ON catalog_track (media_id);
-- What came in lately, for rules that ask for it.
CREATE INDEX catalog_track_added ON catalog_track (added_us, id) WHERE hidden_us IS NULL;
