//! The table of uploads.

use catalog::{AlbumId, MediaId, TrackId, VideoId};
use kernel::{
    Fault, Time,
    db::{self, Db, Tx},
    id::UserId,
    params, sql,
};

use super::model::{Row, Upload, UploadId, UploadProblem, UploadState};

/// An upload that is about to be created.
#[derive(Clone, Debug)]
pub(super) struct NewUpload {
    pub(super) id: UploadId,
    pub(super) owner: UserId,
    pub(super) filename: String,
    pub(super) metadata: String,
    pub(super) bytes: u64,
    pub(super) now: Time,
    pub(super) expires: Time,
}

/// What the catalogue made of an upload.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Became {
    pub(super) video: Option<VideoId>,
    pub(super) track: Option<TrackId>,
    pub(super) album: Option<AlbumId>,
}

fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

fn row(row: &db::Row<'_>) -> Result<Row, Fault> {
    let state: String = row.get(6)?;
    let thousandths: u32 = row.get(8)?;
    let code: Option<String> = row.get(9)?;
    let detail: Option<String> = row.get(10)?;
    Ok(Row {
        owner: row.get(1)?,
        metadata: row.get(3)?,
        staged: row.get(7)?,
        media: row.get(13)?,
        upload: Upload {
            id: row.get(0)?,
            filename: row.get(2)?,
            bytes: row.get(4)?,
            received_bytes: row.get(5)?,
            created_at: row.get(11)?,
            expires_at: row.get(12)?,
            state: UploadState::from_word(&state),
            progress: f64::from(thousandths) / 1000.0,
            problem: code.map(|code| UploadProblem { code, detail: detail.unwrap_or_default() }),
            video_id: row.get(14)?,
            track_id: row.get(15)?,
            album_id: row.get(16)?,
        },
    })
}

/// The columns that [`row`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, owner, filename, metadata, bytes, received_bytes, state, staged, progress, problem_code,
                problem_detail, created_us, expires_us, media, video, track, album
             FROM ingest_upload ",
            $rest
        )
    };
}

/// How many unfinished uploads a user has.
pub(super) fn open_count(tx: &mut Tx<'_>, owner: UserId) -> Result<u32, Fault> {
    let count = tx.one(
        sql!("SELECT COUNT(*) FROM ingest_upload WHERE owner = $1 AND state = 'receiving'"),
        params![owner],
        |row| row.get(0),
    )?;
    Ok(count.unwrap_or(0))
}

/// The bytes that unfinished uploads were promised room for and have not sent.
pub(super) async fn promised_bytes(db: &Db) -> Result<u64, Fault> {
    let sum = db
        .one(
            sql!(
                "SELECT CAST(COALESCE(SUM(bytes - received_bytes), 0) AS BIGINT) FROM ingest_upload
                 WHERE state = 'receiving'"
            ),
            params![],
            |row| row.get(0),
        )
        .await?;
    Ok(sum.unwrap_or(0))
}

/// Creates an upload without bytes.
pub(super) fn insert(tx: &mut Tx<'_>, new: &NewUpload) -> Result<(), Fault> {
    tx.run(
        sql!(
            "INSERT INTO ingest_upload (id, owner, filename, metadata, bytes, received_bytes, state, staged,
                progress, created_us, changed_us, expires_us)
             VALUES ($1, $2, $3, $4, $5, 0, 'receiving', TRUE, 0, $6, $6, $7)"
        ),
        params![new.id, new.owner, &new.filename, &new.metadata, signed(new.bytes), new.now, new.expires],
    )?;
    Ok(())
}

/// One upload.
pub(super) fn find(tx: &mut Tx<'_>, id: UploadId) -> Result<Option<Row>, Fault> {
    tx.one(sql!(select!("WHERE id = $1")), params![id], row)
}

/// One upload, read on its own.
pub(super) async fn read(db: &Db, id: UploadId) -> Result<Option<Row>, Fault> {
    db.one(sql!(select!("WHERE id = $1")), params![id], row).await
}

/// A user's uploads, newest first, those before `before`.
pub(super) async fn list(
    db: &Db,
    owner: UserId,
    before: Option<UploadId>,
    limit: u32,
) -> Result<Vec<Upload>, Fault> {
    let before = before.unwrap_or(UploadId(i64::MAX));
    let rows = db
        .all(
            sql!(select!("WHERE owner = $1 AND id < $2 ORDER BY id DESC LIMIT $3")),
            params![owner, before, limit],
            row,
        )
        .await?;
    Ok(rows.into_iter().map(|row| row.upload).collect())
}

/// Acknowledges bytes up to `to`, if the upload stood at `from`; false when somebody else moved it.
pub(super) fn advance(
    tx: &mut Tx<'_>,
    id: UploadId,
    from: u64,
    to: u64,
    now: Time,
    expires: Time,
) -> Result<bool, Fault> {
    let touched = tx.run(
        sql!(
            "UPDATE ingest_upload SET received_bytes = $3, changed_us = $4, expires_us = $5
             WHERE id = $1 AND state = 'receiving' AND received_bytes = $2"
        ),
        params![id, signed(from), signed(to), now, expires],
    )?;
    Ok(touched == 1)
}

/// Has an upload whose bytes are all here wait for being looked at; also one that failed and is tried again.
pub(super) fn set_waiting(tx: &mut Tx<'_>, id: UploadId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_upload SET state = 'waiting', progress = 0, problem_code = NULL, problem_detail = NULL,
                changed_us = $2, expires_us = NULL
             WHERE id = $1"
        ),
        params![id, now],
    )?;
    Ok(())
}

/// Has an upload be looked at.
pub(super) fn set_probing(tx: &mut Tx<'_>, id: UploadId, now: Time) -> Result<(), Fault> {
    tx.run(
        sql!("UPDATE ingest_upload SET state = 'probing', changed_us = $2 WHERE id = $1"),
        params![id, now],
    )?;
    Ok(())
}

/// Has an upload that is in the catalogue now wait for its renditions.
pub(super) fn set_accepted(
    tx: &mut Tx<'_>,
    id: UploadId,
    media: MediaId,
    became: Became,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_upload SET state = 'encoding', staged = FALSE, media = $2, video = $3, track = $4,
                album = $5, changed_us = $6
             WHERE id = $1"
        ),
        params![
            id,
            media,
            became.video.map(|id| id.0),
            became.track.map(|id| id.0),
            became.album.map(|id| id.0),
            now
        ],
    )?;
    Ok(())
}

/// Ends an upload as failed. Its staging file stays its own until `expires`, or is let go now.
pub(super) fn set_failed(
    tx: &mut Tx<'_>,
    id: UploadId,
    problem: &UploadProblem,
    expires: Option<Time>,
    now: Time,
) -> Result<(), Fault> {
    tx.run(
        sql!(
            "UPDATE ingest_upload SET state = 'failed', problem_code = $2, problem_detail = $3, changed_us = $4,
                expires_us = $5, staged = CASE WHEN CAST($5 AS BIGINT) IS NULL THEN FALSE ELSE staged END
             WHERE id = $1"
        ),
        params![id, &problem.code, &problem.detail, now, expires],
    )?;
    Ok(())
}

/// Whom to tell that the encode of a media goes on: the owner of its upload, if it came by one.
pub(super) fn set_encode_progress(
    tx: &mut Tx<'_>,
    media: MediaId,
    state: UploadState,
    thousandths: u32,
    now: Time,
) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!(
            "UPDATE ingest_upload SET state = $2, progress = $3, changed_us = $4, problem_code = NULL,
                problem_detail = NULL
             WHERE media = $1 AND state IN ('encoding', 'ready', 'failed') RETURNING owner"
        ),
        params![media, state.word(), thousandths, now],
        |row| row.get(0),
    )
}

/// The same when the encode has failed.
pub(super) fn set_encode_failed(
    tx: &mut Tx<'_>,
    media: MediaId,
    problem: &UploadProblem,
    now: Time,
) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!(
            "UPDATE ingest_upload SET state = 'failed', problem_code = $2, problem_detail = $3, changed_us = $4
             WHERE media = $1 AND state = 'encoding' RETURNING owner"
        ),
        params![media, &problem.code, &problem.detail, now],
        |row| row.get(0),
    )
}

/// Says why the encode of a media stands still, or that it no longer does.
pub(super) fn set_encode_note(
    tx: &mut Tx<'_>,
    media: MediaId,
    note: Option<&UploadProblem>,
    now: Time,
) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!(
            "UPDATE ingest_upload SET problem_code = $2, problem_detail = $3, changed_us = $4
             WHERE media = $1 AND state = 'encoding' RETURNING owner"
        ),
        params![media, note.map(|note| note.code.clone()), note.map(|note| note.detail.clone()), now],
        |row| row.get(0),
    )
}

/// Forgets uploads that were still becoming a video; says which, whose, and which media.
pub(super) fn delete_encoding_of_video(
    tx: &mut Tx<'_>,
    video: VideoId,
) -> Result<Vec<(UploadId, UserId, Option<MediaId>)>, Fault> {
    tx.all(
        sql!("DELETE FROM ingest_upload WHERE video = $1 AND state = 'encoding' RETURNING id, owner, media"),
        params![video],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )
}

/// Forgets an upload.
pub(super) fn delete(tx: &mut Tx<'_>, id: UploadId) -> Result<(), Fault> {
    tx.run(sql!("DELETE FROM ingest_upload WHERE id = $1"), params![id])?;
    Ok(())
}

/// Uploads whose time is over, a few at a time.
pub(super) async fn expired(db: &Db, now: Time, limit: u32) -> Result<Vec<Row>, Fault> {
    db.all(
        sql!(select!("WHERE expires_us IS NOT NULL AND expires_us <= $1 ORDER BY expires_us LIMIT $2")),
        params![now, limit],
        row,
    )
    .await
}

/// Forgets uploads that ended before `before`; says whose.
pub(super) fn delete_ended(tx: &mut Tx<'_>, before: Time) -> Result<Vec<UserId>, Fault> {
    tx.all(
        sql!(
            "DELETE FROM ingest_upload WHERE state IN ('ready', 'failed') AND changed_us < $1 AND NOT staged
             RETURNING owner"
        ),
        params![before],
        |row| row.get(0),
    )
}

/// The uploads after `after` whose staging files must be there, in the order of their numbers.
pub(super) async fn staged(db: &Db, after: UploadId, limit: u32) -> Result<Vec<Row>, Fault> {
    db.all(sql!(select!("WHERE staged AND id > $1 ORDER BY id LIMIT $2")), params![after, limit], row).await
}
