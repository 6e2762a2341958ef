//! The shape of a sound for a seek bar, and where it begins and ends.
//!
//! How long it will be is not known while it comes. So it is gathered in twice as many buckets as are wanted or fewer;
//! whenever they are full each two become one, and at the end they are spread over the wanted number.

#![allow(clippy::cast_precision_loss, reason = "amplitudes and counts of samples, far below 2^52")]

use catalog::sound::{Edges, WAVEFORM_BUCKETS, Waveform};

/// What is softer counts as silence: −60 dBFS.
const SILENCE: f32 = 0.001;
/// Buckets that are gathered before each two become one.
const BUCKETS_MAX: usize = 16 * WAVEFORM_BUCKETS;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    peak: f32,
    /// The sum over its samples of the mean square of the channels.
    energy: f64,
    samples: u64,
}

impl Bucket {
    fn join(&mut self, other: Self) {
        self.peak = self.peak.max(other.peak);
        self.energy += other.energy;
        self.samples += other.samples;
    }
}

/// Gathers the shape.
#[derive(Debug)]
pub(super) struct Shape {
    buckets: Vec<Bucket>,
    bucket_samples: u64,
    open: Bucket,
    samples: u64,
    /// The first sample that is heard, and the one after the last.
    heard: Option<(u64, u64)>,
}

impl Shape {
    pub(super) fn new() -> Self {
        Self {
            buckets: Vec::with_capacity(BUCKETS_MAX),
            bucket_samples: 1,
            open: Bucket::default(),
            samples: 0,
            heard: None,
        }
    }

    /// Takes a sample of each channel.
    pub(super) fn push(&mut self, frame: &[f32]) {
        let (mut peak, mut energy) = (0.0_f32, 0.0_f64);
        for sample in frame {
            peak = peak.max(sample.abs());
            energy += f64::from(*sample) * f64::from(*sample);
        }
        if peak >= SILENCE {
            let first = self.heard.map_or(self.samples, |(first, _)| first);
            self.heard = Some((first, self.samples + 1));
        }
        self.samples += 1;
        self.open.join(Bucket { peak, energy: energy / frame.len().max(1) as f64, samples: 1 });
        if self.open.samples == self.bucket_samples {
            self.buckets.push(std::mem::take(&mut self.open));
            if self.buckets.len() == BUCKETS_MAX {
                self.halve();
            }
        }
    }

    fn halve(&mut self) {
        let joined = self.buckets.chunks(2).map(|pair| {
            let mut bucket = pair[0];
            pair[1..].iter().for_each(|other| bucket.join(*other));
            bucket
        });
        self.buckets = joined.collect();
        self.buckets.reserve(BUCKETS_MAX);
        self.bucket_samples *= 2;
    }

    pub(super) fn samples(&self) -> u64 {
        self.samples
    }

    pub(super) fn edges(&self, sample_rate_hz: u32) -> Edges {
        let (first, end) = self.heard.unwrap_or((self.samples, self.samples));
        Edges { sample_rate_hz, samples: self.samples, lead_samples: first, tail_samples: self.samples - end }
    }

    /// What was gathered, in the wanted number of buckets; of a sound with fewer samples each is repeated.
    pub(super) fn waveform(mut self) -> Waveform {
        if self.open.samples > 0 {
            self.buckets.push(self.open);
        }
        let (mut peaks, mut means) = (Vec::new(), Vec::new());
        let count = self.buckets.len();
        for wanted in 0..WAVEFORM_BUCKETS {
            let from = wanted * count / WAVEFORM_BUCKETS;
            let to = ((wanted + 1) * count / WAVEFORM_BUCKETS).max(from + 1).min(count);
            let mut bucket = Bucket::default();
            self.buckets[from.min(to)..to].iter().for_each(|other| bucket.join(*other));
            peaks.push(byte(f64::from(bucket.peak)));
            means.push(byte((bucket.energy / bucket.samples.max(1) as f64).sqrt()));
        }
        Waveform { peaks, means }
    }
}

fn byte(amplitude: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=255 first")]
    let byte = (amplitude.clamp(0.0, 1.0) * 255.0).round() as u8;
    byte
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: impl Iterator<Item = f32>) -> (Edges, Waveform) {
        let mut shape = Shape::new();
        samples.for_each(|sample| shape.push(&[sample, -sample / 2.0]));
        (shape.edges(8_000), shape.waveform())
    }

    #[test]
    fn what_is_loud_in_the_middle_is_high_in_the_middle() {
        // Not a round number of buckets, and enough of them to be joined several times.
        for count in [1_000_u32, 12_800, 99_991, 300_007] {
            let loud = (count / 4)..(count / 2);
            let (edges, shape) = of((0..count).map(|at| if loud.contains(&at) { 0.5 } else { 0.0 }));
            assert_eq!((edges.samples, edges.lead_samples), (u64::from(count), u64::from(loud.start)));
            assert_eq!(edges.tail_samples, u64::from(count - loud.end));
            assert_eq!((shape.peaks.len(), shape.means.len()), (800, 800));
            assert_eq!(shape.peaks[..198], [0; 198]);
            assert_eq!(shape.peaks[203..397], [128; 194]);
            assert_eq!(shape.peaks[402..], [0; 398]);
            // The root of (0.5² + 0.25²) / 2.
            assert_eq!(shape.means[300], 101);
        }
    }

    #[test]
    fn silence_is_nothing_but_its_beginning() {
        let (edges, shape) = of(std::iter::repeat_n(0.000_9, 5_000));
        assert_eq!((edges.lead_samples, edges.tail_samples), (5_000, 0));
        assert_eq!(shape.peaks, [0; 800]);
    }

    #[test]
    fn a_few_samples_and_none_have_a_shape() {
        let (_, one) = of([1.0].into_iter());
        assert_eq!(one.peaks, [255; 800]);
        let (_, two) = of([1.0, 0.0].into_iter());
        assert_eq!((two.peaks[399], two.peaks[400]), (255, 0));
        let (edges, none) = of(std::iter::empty());
        assert_eq!((edges.samples, none.peaks), (0, vec![0; 800]));
    }
}
