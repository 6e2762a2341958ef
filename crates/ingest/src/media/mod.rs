//! The media engine: ffprobe and ffmpeg in a sandbox, and what Odeon makes of their output.
//!
//! It owns the starting of other processes (nobody else in Odeon starts any), what a media file holds, which
//! renditions it gets, and the cutting of ffmpeg's output into segments with an exact index. It never touches
//! the database, never keeps anything on disk, and trusts neither the file nor ffmpeg.
//!
//! Start reading at [`Engine`]: [`Engine::probe`] says what a file holds, [`plan_video`] or [`plan_music`]
//! turns that into a [`Plan`], [`Engine::encode`] makes it and hands out [`EncodeEvent`]s while it runs.
//! [`Engine::transcode`] makes one sound for one listener, of which nothing is kept.
//!
//! The program's `main` must call [`sandbox_main`] first of all: the sandbox is this same program, started
//! again with a hidden word.

mod answer;
mod boxes;
mod command;
mod cutter;
mod encode;
mod error;
mod form;
mod input;
mod jail;
mod ladder;
mod probe;
mod progress;
mod rate;
mod run;
mod sandbox;
mod sound;
mod stills;
mod streams;
#[cfg(test)]
mod tests;
mod transcode;

pub use self::{
    answer::is_lossless,
    encode::{
        Bandwidth, EncodeEvent, EncodeLimits, EncodeSummary, Encoding, RenditionInit, RenditionSummary,
        Segment,
    },
    error::MediaError,
    form::{SoundCodec, SoundForm},
    jail::{SANDBOX_WORD, sandbox_main},
    ladder::{
        AUDIO_TRACKS_MAX, AudioCodec, AudioRung, FPS_MAX, GOP_MS, HEIGHTS, Plan, RenditionKind,
        RenditionPlan, SEGMENT_MS, VideoRate, VideoRung, plan_music, plan_video,
    },
    probe::{AudioTrack, CONTAINERS, Chapter, Field, Probe, ProbeLimits, SubtitleTrack, VideoTrack},
    rate::Ratio,
    run::{RUN_FILES_MAX, Run, RunFile, RunPlan, RunRange, SampleFormat, plan_run},
    sandbox::{Launcher, SandboxReport, Tools},
    stills::POSTER_EDGE_MAX,
    transcode::{Order, Transcode},
};

/// ffmpeg and ffprobe, and how they are confined. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    tools: Tools,
    launcher: Launcher,
    probe_limits: ProbeLimits,
    encode_limits: EncodeLimits,
}

impl Engine {
    /// An engine with the usual limits. `launcher` is [`Launcher::this_program`] but in tests.
    pub fn new(tools: Tools, launcher: Launcher) -> Self {
        Self { tools, launcher, probe_limits: ProbeLimits::default(), encode_limits: EncodeLimits::default() }
    }

    /// The same engine with other limits.
    #[must_use]
    pub fn with_limits(mut self, probe: ProbeLimits, encode: EncodeLimits) -> Self {
        self.probe_limits = probe;
        self.encode_limits = encode;
        self
    }

    /// The programs in use.
    pub fn tools(&self) -> &Tools {
        &self.tools
    }
}
