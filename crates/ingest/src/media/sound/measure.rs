//! Everything that is measured, sample by sample.
//!
//! Loudness is that of ITU-R BS.1770-4 and EBU Tech 3341: the filters, the mean squares of 400 ms, the loudness range
//! (EBU Tech 3342) and the true peak come from the crate `ebur128`, a translation of libebur128. The gating blocks are
//! taken from it every 100 ms and gated here, since an album needs those of all its tracks.

use catalog::sound::{Blocks, Decibels, Loudness, Sound, energy, gated};
use ebur128::{Channel, EbuR128, Mode};

use super::{
    super::{error::MediaError, probe::ProbeLimits},
    alike::Alike,
    shape::Shape,
    wave::{self, Format},
};

/// Steps of 100 ms in a gating block.
const STEPS_IN_BLOCK: u64 = 4;
/// Amplitudes above this (60 dB over full scale) are a damaged file's.
const AMPLITUDE_MAX: f32 = 1000.0;

/// Measures a stream as it comes.
pub(super) struct Measure {
    limits: ProbeLimits,
    /// The header until it is whole, then what is left of a sample.
    rest: Vec<u8>,
    state: Option<State>,
}

struct State {
    format: Format,
    meter: EbuR128,
    /// Samples that wait until 100 ms are full.
    step: Vec<f32>,
    step_length: usize,
    steps: u64,
    energies: Vec<f64>,
    shape: Shape,
    alike: Alike,
    samples_max: u64,
}

impl Measure {
    pub(super) fn new(limits: ProbeLimits) -> Self {
        Self { limits, rest: Vec::new(), state: None }
    }

    /// Takes bytes as they come.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<(), MediaError> {
        self.rest.extend_from_slice(bytes);
        if self.state.is_none() {
            let Some((format, begin)) = wave::header(&self.rest)? else { return Ok(()) };
            self.rest.drain(..begin);
            self.state = Some(State::new(format, &self.limits)?);
        }
        let Some(state) = &mut self.state else { return Ok(()) };
        let frame_bytes = state.format.channels * 4;
        let whole = self.rest.len() / frame_bytes * frame_bytes;
        for sample in self.rest[..whole].as_chunks::<4>().0 {
            let sample = f32::from_le_bytes(*sample);
            state.step.push(if sample.is_finite() {
                sample.clamp(-AMPLITUDE_MAX, AMPLITUDE_MAX)
            } else {
                0.0
            });
            if state.step.len() == state.step_length {
                state.step()?;
            }
        }
        self.rest.drain(..whole);
        Ok(())
    }

    /// The stream has ended.
    pub(super) fn finish(self) -> Result<Sound, MediaError> {
        let none = || MediaError::refused("no_sound", "No sound could be decoded from the file.");
        let mut state = self.state.ok_or_else(none)?;
        state.last_step()?;
        if state.shape.samples() == 0 {
            return Err(none());
        }
        Ok(state.sound())
    }
}

impl State {
    fn new(format: Format, limits: &ProbeLimits) -> Result<Self, MediaError> {
        let Format { channels, rate_hz, mask } = format;
        let count = u32::try_from(channels).unwrap_or(u32::MAX);
        if count > limits.channels_max {
            let detail =
                format!("The file has {count} channels; at most {} are measured.", limits.channels_max);
            return Err(MediaError::limit("channels", detail));
        }
        if rate_hz > limits.rate_hz_max || rate_hz < RATE_HZ_MIN {
            let most = limits.rate_hz_max;
            let detail =
                format!("The file has {rate_hz} samples a second; {RATE_HZ_MIN} to {most} are measured.");
            return Err(MediaError::limit("sample_rate", detail));
        }
        let unmeasured = |_| MediaError::limit("channels", "This sound can't be measured.");
        let mut meter =
            EbuR128::new(count, rate_hz, Mode::M | Mode::LRA | Mode::TRUE_PEAK).map_err(unmeasured)?;
        let map = channel_map(channels, mask);
        meter.set_channel_map(&map).map_err(unmeasured)?;
        // Rounded as the meter does it, so that its last four steps are one block.
        let step_length = (rate_hz as usize + 5) / 10 * channels;
        Ok(Self {
            format,
            meter,
            step: Vec::with_capacity(step_length),
            step_length,
            steps: 0,
            energies: Vec::new(),
            shape: Shape::new(),
            alike: Alike::new(rate_hz),
            samples_max: limits.duration_ms_max.saturating_mul(u64::from(rate_hz)) / 1000,
        })
    }

    /// 100 ms are there.
    fn step(&mut self) -> Result<(), MediaError> {
        self.take_step()?;
        self.steps += 1;
        if self.steps >= STEPS_IN_BLOCK {
            let momentary = self.meter.loudness_momentary().unwrap_or(f64::NEG_INFINITY);
            self.energies.push(energy(momentary));
        }
        Ok(())
    }

    /// What is left at the end is too short for a block, and counts for everything else.
    fn last_step(&mut self) -> Result<(), MediaError> {
        if self.step.is_empty() { Ok(()) } else { self.take_step() }
    }

    fn take_step(&mut self) -> Result<(), MediaError> {
        let step = std::mem::take(&mut self.step);
        let unmeasured = |_| MediaError::refused("unmeasurable", "The sound of the file can't be measured.");
        self.meter.add_frames_f32(&step).map_err(unmeasured)?;
        let channels = self.format.channels;
        for frame in step.chunks_exact(channels) {
            self.shape.push(frame);
            #[expect(clippy::cast_precision_loss, reason = "a few channels")]
            self.alike.push(frame.iter().sum::<f32>() / channels as f32);
        }
        if self.shape.samples() > self.samples_max {
            return Err(MediaError::limit("duration", "The sound is longer than anything that is measured."));
        }
        self.step = step;
        self.step.clear();
        Ok(())
    }

    fn sound(self) -> Sound {
        let integrated = gated(|| self.energies.iter().map(|energy| (*energy, 1)));
        let mut blocks = Blocks::default();
        self.energies.iter().for_each(|energy| blocks.add(*energy));
        let channels = u32::try_from(self.format.channels).unwrap_or(0);
        let peaks = (0..channels).filter_map(|channel| self.meter.true_peak(channel).ok());
        let peak = peaks.fold(0.0, f64::max);
        let range = self.meter.loudness_range().ok().filter(|_| integrated.is_some());
        Sound {
            edges: self.shape.edges(self.format.rate_hz),
            loudness: Loudness {
                lufs: integrated.and_then(Decibels::of),
                peak_db: Decibels::of(20.0 * peak.log10()),
            },
            range_lu: range.and_then(Decibels::of),
            blocks,
            vector: self.alike.vector(),
            waveform: self.shape.waveform(),
        }
    }
}

/// Below this no filter of BS.1770 has a place to be.
const RATE_HZ_MIN: u32 = 4_000;

/// Which weight each channel has: those behind and at the sides count more, those for low frequencies alone not at
/// all. By the mask of the WAVE format, whose order is that of the channels; without one, by how many there are.
fn channel_map(channels: usize, mask: u32) -> Vec<Channel> {
    const LOW: u32 = 0x8;
    // Back left, right, centre; side left, right; top back left, centre, right.
    const SURROUND: u32 = 0x10 | 0x20 | 0x100 | 0x200 | 0x400 | 0x8000 | 0x1_0000 | 0x2_0000;
    // Of a mono sound with no mask, or one that names fewer channels than there are, all are in front.
    let named = (0..32).map(|bit| 1_u32 << bit).filter(|bit| mask & bit != 0);
    let kind = |bit: u32| match bit {
        LOW => Channel::Unused,
        bit if bit & SURROUND != 0 => Channel::LeftSurround,
        _ => Channel::Center,
    };
    named.map(kind).chain(std::iter::repeat(Channel::Center)).take(channels).collect()
}
