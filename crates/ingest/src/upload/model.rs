//! What an upload is, and what can go wrong with one.

use catalog::{AlbumId, MediaId, TrackId, VideoId};
use http::StatusCode;
use kernel::{Fault, Problem, Time, id::UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

kernel::id_type!(
    /// A file on its way in, from its creation until its owner dismisses it.
    UploadId
);

/// Where an upload is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UploadState {
    /// Bytes are missing.
    Receiving,
    /// All bytes are here; nobody has looked at them yet.
    Waiting,
    /// The file is being looked at.
    Probing,
    /// The item is in the catalogue and its renditions are being made.
    Encoding,
    /// Everything is made.
    Ready,
    /// It ended; the problem says why.
    Failed,
}

impl UploadState {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Waiting => "waiting",
            Self::Probing => "probing",
            Self::Encoding => "encoding",
            Self::Ready => "ready",
            Self::Failed => "failed",
        }
    }

    pub(super) fn from_word(word: &str) -> Self {
        match word {
            "receiving" => Self::Receiving,
            "waiting" => Self::Waiting,
            "probing" => Self::Probing,
            "encoding" => Self::Encoding,
            "ready" => Self::Ready,
            _ => Self::Failed,
        }
    }
}

/// Why an upload failed, for its owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UploadProblem {
    /// A stable word for programs.
    pub code: String,
    /// What is wrong and what to do about it.
    pub detail: String,
}

/// An upload as its owner sees it.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Upload {
    /// The upload.
    pub id: UploadId,
    /// The file's name, as the client gave it.
    pub filename: String,
    /// The size of the file.
    pub bytes: u64,
    /// How much of it is here and safe.
    pub received_bytes: u64,
    /// When it was created.
    pub created_at: Time,
    /// When what is here will be thrown away, unless the upload goes on.
    pub expires_at: Option<Time>,
    /// Where it is in its life.
    pub state: UploadState,
    /// How far the encode is, 0 to 1.
    pub progress: f64,
    /// Why it failed.
    pub problem: Option<UploadProblem>,
    /// The video that it became.
    pub video_id: Option<VideoId>,
    /// The track that it became.
    pub track_id: Option<TrackId>,
    /// The album that the track is on.
    pub album_id: Option<AlbumId>,
}

/// The row behind an [`Upload`], with what only the house needs.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) owner: UserId,
    pub(crate) metadata: String,
    /// Whether the staging file still belongs to the upload.
    pub(crate) staged: bool,
    /// The media that the accepted file was given.
    pub(crate) media: Option<MediaId>,
    pub(crate) upload: Upload,
}

/// What can go wrong with an upload, as far as a client acts differently.
#[derive(Debug)]
pub(crate) enum Error {
    /// It does not exist, or it is somebody else's.
    NotFound,
    /// It was not finished in time, or its bytes are gone.
    Gone(UploadProblem),
    /// The offset is not the one where the upload goes on.
    WrongOffset { expected: u64, given: u64 },
    /// More bytes than were announced.
    TooLong { bytes: u64 },
    /// A larger file than this house takes.
    TooLarge { bytes_max: u64 },
    /// Another request is sending bytes to it, or took over from this one.
    Locked,
    /// The bytes are not the ones that the checksum was made of.
    Checksum,
    /// A header is missing or can't be read.
    Header { name: &'static str, message: String },
    /// The client speaks another version of tus.
    Version,
    /// The body is not what tus sends.
    MediaType,
    /// A POST that does not say what it stands for.
    Method,
    /// The file's name is not one that can be kept.
    Filename(&'static str),
    /// The owner has too many unfinished uploads.
    TooMany { open_max: u32 },
    /// Too many uploads send bytes at this moment.
    Busy,
    /// The disk has no room for the file, or got full.
    NoSpace,
    /// Nothing came for too long.
    Idle,
    /// The connection was cut in the middle; what came is kept.
    Cut,
    /// The program stops; what came is kept.
    Stopping,
    /// There is nothing that a retry could do.
    NotRetryable,
    /// Something else that is already told in full.
    Problem(Problem),
    /// The house's own fault.
    Fault(Fault),
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault.kind() {
            kernel::error::FaultKind::NoSpace => Self::NoSpace,
            kernel::error::FaultKind::Stopping => Self::Stopping,
            _ => Self::Fault(fault),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

fn new(status: u16, code: &str, title: &str) -> Problem {
    Problem::new(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST), code, title)
}

impl Error {
    /// The answer, with the status that tus demands where it demands one.
    pub(crate) fn problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found(),
            Self::Gone(problem) => new(410, &problem.code, "This upload has ended").detail(problem.detail),
            Self::WrongOffset { expected, given } => new(
                409,
                "wrong_offset",
                "The upload goes on at another offset",
            )
            .detail(format!(
                "It goes on at {expected}, not at {given}. Ask for the offset with HEAD and send from there."
            )),
            Self::TooLong { bytes } => new(413, "too_long", "More bytes than were announced")
                .detail(format!("This upload was announced with {bytes} bytes. Create a new one.")),
            Self::TooLarge { bytes_max } => new(413, "too_large", "The file is too large")
                .detail(format!("At most {bytes_max} bytes are taken in one file.")),
            Self::Locked => new(423, "locked", "Another request is sending this upload")
                .detail("Ask for the offset with HEAD in a moment and go on from there.")
                .retry_after(1),
            Self::Checksum => new(460, "checksum", "The bytes differ from their checksum")
                .detail("Nothing of this request was kept. Send the same bytes again."),
            Self::Header { name, message } => {
                new(400, "header", "A header can't be taken").field(name, message)
            }
            Self::Version => new(412, "tus_version", "This speaks tus 1.0.0")
                .detail("Send the header Tus-Resumable: 1.0.0."),
            Self::MediaType => new(415, "media_type", "The body is not what tus sends")
                .detail("Send the header Content-Type: application/offset+octet-stream."),
            Self::Method => new(405, "method", "This is no way to ask here")
                .detail("Send PATCH, HEAD or DELETE, or name one of them in X-HTTP-Method-Override."),
            Self::Filename(message) => Problem::invalid("filename", message),
            Self::TooMany { open_max } => new(429, "too_many_uploads", "Too many unfinished uploads")
                .detail(format!("You have {open_max}. Finish or cancel some of them first.")),
            Self::Busy => new(503, "busy", "Too many uploads at this moment")
                .detail("Try again in a few seconds.")
                .retry_after(5),
            Self::NoSpace => new(507, "no_space", "The server's disk is full")
                .detail("What was acknowledged is kept. Go on when the operator has made room."),
            Self::Idle => new(408, "idle", "Nothing came for too long")
                .detail("What came is kept. Ask for the offset with HEAD and go on from there."),
            Self::Cut => new(400, "cut", "The connection was cut in the middle")
                .detail("What came is kept. Ask for the offset with HEAD and go on from there."),
            Self::Stopping => new(503, "stopping", "The server is restarting")
                .detail("What came is kept. Go on in a moment.")
                .retry_after(2),
            Self::NotRetryable => new(409, "not_retryable", "There is nothing to try again").detail(
                "Only an upload that failed for a passing reason can be tried again; upload the file anew.",
            ),
            Self::Problem(problem) => problem,
            Self::Fault(fault) => Problem::fault(&fault),
        }
    }
}

kernel::answer_with_problem!(Error);
