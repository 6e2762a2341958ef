//! What can go wrong with a media file, one variant for each thing that a caller does about it.

use std::{fmt, io, path::Path};

/// Why a media task gave no result. `detail` is a sentence for the person who brought the file; it names no
/// path of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaError {
    /// The input will never work: do not retry, show `detail`.
    Refused {
        /// Stable name of the reason, for the API: `empty_file`, `not_media`, `truncated`, …
        code: &'static str,
        /// What is wrong and what to do about it.
        detail: String,
    },
    /// The input or its processing passes a limit of the house: do not retry before the limit is raised.
    Limit {
        /// Stable name of the limit: `duration`, `pixels`, `streams`, `time`, `stalled`, `output`, …
        code: &'static str,
        /// Which limit, how far it was passed, what to do about it.
        detail: String,
    },
    /// Trying again later may succeed (the file was changing, the machine was short of something).
    Transient {
        /// Stable name of the reason: `file_changing`, `io`, `killed`, …
        code: &'static str,
        /// What happened.
        detail: String,
    },
    /// A program that this machine must have is not there: tell the operator, retry after it was installed.
    Missing {
        /// Its name, for instance `ffmpeg`.
        program: &'static str,
        /// How to get it.
        detail: String,
    },
    /// The machine cannot confine ffmpeg, so it is not started: tell the operator.
    Unconfined {
        /// What is missing and how to get it.
        detail: String,
    },
    /// The caller cancelled the task.
    Cancelled,
}

impl MediaError {
    /// The stable name of the reason, for the API and for logs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } | Self::Limit { code, .. } | Self::Transient { code, .. } => code,
            Self::Missing { .. } => "missing_program",
            Self::Unconfined { .. } => "unconfined",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether the same call may succeed later without anybody changing the file or the limits.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Transient { .. } | Self::Missing { .. } | Self::Unconfined { .. })
    }

    pub(crate) fn refused(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Refused { code, detail: detail.into() }
    }

    pub(crate) fn limit(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Limit { code, detail: detail.into() }
    }

    pub(crate) fn transient(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Transient { code, detail: detail.into() }
    }

    /// An input/output error while `doing` something; a full disk and a passing fault are both worth a retry.
    pub(crate) fn io(doing: &str, error: &io::Error) -> Self {
        Self::transient("io", format!("{doing}: {error}"))
    }

    /// An error of opening the media file itself.
    pub(crate) fn open(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => {
                Self::refused("absent", "The file is not there any more. Bring it back and try again.")
            }
            io::ErrorKind::PermissionDenied => Self::refused(
                "unreadable",
                "The program may not read this file. Give it permission to read the file and try again.",
            ),
            _ => Self::io("The file could not be opened", error),
        }
    }
}

impl fmt::Display for MediaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { detail, .. }
            | Self::Limit { detail, .. }
            | Self::Transient { detail, .. }
            | Self::Missing { detail, .. }
            | Self::Unconfined { detail } => f.write_str(detail),
            Self::Cancelled => f.write_str("The task was cancelled."),
        }
    }
}

impl std::error::Error for MediaError {}

/// What ffmpeg said, made fit for a message: the last lines, without the file's place on this machine.
pub(crate) fn reason(stderr: &[u8], input: &Path) -> String {
    const CHARS_MAX: usize = 400;
    let text = String::from_utf8_lossy(stderr)
        .replace(&*input.to_string_lossy(), "the file")
        .replace("file:the file", "the file");
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        // "[mov,mp4 @ 0x55d1c0] moov atom not found": the address says nothing to anybody.
        let line =
            line.strip_prefix('[').and_then(|rest| rest.split_once("] ")).map_or(line, |(_, rest)| rest);
        if lines.last() != Some(&line) {
            lines.push(line);
        }
    }
    let mut joined = lines[lines.len().saturating_sub(3)..].join("; ");
    joined.retain(|c| !c.is_control());
    if joined.chars().count() > CHARS_MAX {
        joined = joined.chars().take(CHARS_MAX).collect::<String>() + "…";
    }
    if joined.is_empty() { "it gave no reason".to_owned() } else { joined }
}
