//! What a sound resembles, as a few numbers whose cosine compares two sounds.
//!
//! Four groups, each of which has a long record in finding music that sounds alike:
//!
//! 1. *Timbre*: means of the cepstral coefficients of mel bands (Davis and Mermelstein 1980; Logan 2000), of which the
//!    slope that recorded music usually has, 5 dB an octave (Pestana et al. 2013), was taken first. 13 numbers.
//! 2. *Its change*: their deviations (Mandel and Ellis 2005). 13 numbers.
//! 3. *Rhythm*: how alike the onsets are to themselves a while later, from 0.3 to 1.4 s, which shows tempo and metre
//!    (Foote and Uchihashi 2001; Ellis 2007). 16 numbers.
//! 4. *Harmony*: how alike the pitch classes are to themselves one to six semitones higher, which tells consonant from
//!    dissonant and both from noise, whatever the key (after Fujishima 1999). 6 numbers.
//!
//! Each number is centred on what is usual and scaled so that the groups weigh about alike; those constants are part of
//! the way of measuring, so that vectors of different days and machines can be compared. All of it comes from a mono
//! sum at about 11 kHz, in windows of 2,048 samples, 20 a second. Level plays no part: that is what loudness is for.

#![allow(clippy::cast_precision_loss, reason = "bins, bands and counts of windows, far below 2^24")]

use std::f32::consts::PI;

use catalog::sound::VECTOR_DIMENSIONS;

use super::fft::{Spectrum, WINDOW};

/// About the rate that is looked at, Hz.
const RATE_HZ: u32 = 11_025;
/// Windows a second.
const WINDOWS_A_SECOND: f32 = 20.0;
/// Windows whose rhythm is looked at: an hour of them.
const ONSETS_MAX: usize = 72_000;
const BANDS: usize = 28;
const COEFFICIENTS: usize = 13;
/// The lowest and the highest frequency of the bands, Hz.
const BANDS_HZ: (f32, f32) = (60.0, 4_800.0);
/// The frequencies in which pitch is looked for, Hz.
const PITCH_HZ: (f32, f32) = (130.0, 2_000.0);
/// Distances at which onsets are compared, in windows.
const LAGS: [usize; 16] = [6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28];
const INTERVALS: usize = 6;
/// Power below which a window is silent: −70 dBFS.
const SILENT: f32 = 1e-7;
/// Samples that are gathered before they are thinned out.
const BATCH: usize = 8_192;

const _: () = assert!(2 * COEFFICIENTS + LAGS.len() + INTERVALS == VECTOR_DIMENSIONS);

/// Gathers what a sound resembles.
pub(super) struct Alike {
    every: usize,
    lowpass: Vec<f32>,
    input: Vec<f32>,
    thin: Vec<f32>,
    hop: usize,
    spectrum: Spectrum,
    bands: Bands,
    /// The pitch class of each bin, where it has one.
    pitch: Vec<Option<usize>>,
    before: Option<[f32; BANDS]>,
    windows: u32,
    sums: [f64; COEFFICIENTS],
    squares: [f64; COEFFICIENTS],
    intervals: [f64; INTERVALS],
    onsets: Vec<f32>,
}

impl Alike {
    /// For a sound of this many samples a second.
    pub(super) fn new(rate_hz: u32) -> Self {
        let every = ((rate_hz + RATE_HZ / 2) / RATE_HZ).max(1) as usize;
        let rate = rate_hz as f32 / every as f32;
        let bin_hz = rate / WINDOW as f32;
        let pitch = (0..WINDOW / 2).map(|bin| pitch_class(bin as f32 * bin_hz)).collect();
        Self {
            every,
            lowpass: lowpass(every),
            input: Vec::with_capacity(BATCH),
            thin: Vec::with_capacity(2 * WINDOW),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "some hundred samples"
            )]
            hop: (rate / WINDOWS_A_SECOND).round().max(1.0) as usize,
            spectrum: Spectrum::new(),
            bands: Bands::new(rate),
            pitch,
            before: None,
            windows: 0,
            sums: [0.0; COEFFICIENTS],
            squares: [0.0; COEFFICIENTS],
            intervals: [0.0; INTERVALS],
            onsets: Vec::new(),
        }
    }

    /// Takes a sample.
    pub(super) fn push(&mut self, sample: f32) {
        self.input.push(sample);
        if self.input.len() == BATCH {
            self.thin_out();
        }
    }

    /// Keeps one of `every` samples of what has been filtered so that nothing is folded back.
    fn thin_out(&mut self) {
        let mut at = 0;
        while let Some(piece) = self.input.get(at..at + self.lowpass.len()) {
            let sample = piece.iter().zip(&self.lowpass).map(|(sample, tap)| sample * tap).sum();
            self.thin.push(sample);
            at += self.every;
        }
        self.input.drain(..at.min(self.input.len()));
        let mut at = 0;
        while at + WINDOW <= self.thin.len() {
            self.window(at);
            at += self.hop;
        }
        self.thin.drain(..at.min(self.thin.len()));
    }

    fn window(&mut self, at: usize) {
        let power = self.spectrum.power(&self.thin[at..at + WINDOW]);
        if power.iter().sum::<f32>() < SILENT {
            self.before = None;
            self.note_onset(0.0);
            return;
        }
        let bands = self.bands.levels(power);
        let intervals = intervals(power, &self.pitch);
        let rise = self.before.map_or(0.0, |before| {
            bands.iter().zip(&before).map(|(now, before)| (now - before).max(0.0)).sum::<f32>()
        });
        self.note_onset(rise);
        self.before = Some(bands);
        self.windows += 1;
        for (index, coefficient) in self.bands.coefficients(&bands).into_iter().enumerate() {
            let coefficient = f64::from(coefficient);
            self.sums[index] += coefficient;
            self.squares[index] += coefficient * coefficient;
        }
        self.intervals.iter_mut().zip(intervals).for_each(|(sum, one)| *sum += f64::from(one));
    }

    fn note_onset(&mut self, rise: f32) {
        if self.onsets.len() < ONSETS_MAX {
            self.onsets.push(rise);
        }
    }

    /// The vector, a byte a dimension; empty when nothing was to be heard.
    pub(super) fn vector(mut self) -> Vec<i8> {
        // A sound shorter than a window is looked at all the same.
        let least = self.lowpass.len() + WINDOW * self.every;
        let more = if self.windows == 0 { least } else { self.lowpass.len() };
        self.input.extend(std::iter::repeat_n(0.0, more));
        self.thin_out();
        if self.windows == 0 {
            return Vec::new();
        }
        let mut vector = Vec::with_capacity(VECTOR_DIMENSIONS);
        let windows = f64::from(self.windows);
        let (means, deviations): (Vec<f64>, Vec<f64>) = (0..COEFFICIENTS)
            .map(|index| {
                let mean = self.sums[index] / windows;
                (mean, (self.squares[index] / windows - mean * mean).max(0.0).sqrt())
            })
            .unzip();
        // How far coefficients usually are from nothing, and from their mean: less, the finer what they tell.
        let usual = |most: f64, index: usize| most / ((index + 1) as f64).powf(0.6);
        vector.extend(means.iter().enumerate().map(|(index, mean)| mean / usual(4.0, index)));
        vector.extend(
            deviations.iter().enumerate().map(|(index, deviation)| {
                (deviation.max(1e-3) / usual(3.0, index)).ln().clamp(-3.0, 3.0) / 0.7
            }),
        );
        vector.extend(rhythm(&self.onsets).into_iter().map(|alike| (alike - 0.1) / 0.2));
        vector.extend(self.intervals.iter().map(|sum| (sum / windows - 0.6) / 0.15));
        bytes(&vector)
    }
}

/// The largest becomes 127, which leaves directions as they are.
fn bytes(vector: &[f64]) -> Vec<i8> {
    let largest = vector.iter().fold(0.0_f64, |largest, number| largest.max(number.abs()));
    if largest <= 0.0 {
        return Vec::new();
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 127 either way")]
    vector.iter().map(|number| (number / largest * 127.0).round() as i8).collect()
}

/// How alike onsets are to those some windows later, from −1 to 1.
fn rhythm(onsets: &[f32]) -> Vec<f64> {
    let mean = onsets.iter().map(|onset| f64::from(*onset)).sum::<f64>() / onsets.len().max(1) as f64;
    let centred: Vec<f64> = onsets.iter().map(|onset| f64::from(*onset) - mean).collect();
    let together = |lag: usize| -> f64 {
        centred.iter().zip(centred.iter().skip(lag)).map(|(now, later)| now * later).sum()
    };
    let whole = together(0);
    LAGS.iter().map(|lag| if whole > 1e-9 { together(*lag) / whole } else { 0.0 }).collect()
}

/// How alike the pitch classes of a window are to themselves one to six semitones higher: 1 when all sound alike.
fn intervals(power: &[f32], pitch: &[Option<usize>]) -> [f32; INTERVALS] {
    let mut classes = [0.0_f32; 12];
    for (power, class) in power.iter().zip(pitch) {
        if let Some(class) = class {
            classes[*class] += power.sqrt();
        }
    }
    let whole: f32 = classes.iter().map(|class| class * class).sum();
    std::array::from_fn(|index| {
        let shifted = (0..12).map(|class| classes[class] * classes[(class + index + 1) % 12]).sum::<f32>();
        if whole > 0.0 { shifted / whole } else { 0.0 }
    })
}

fn pitch_class(hz: f32) -> Option<usize> {
    if hz < PITCH_HZ.0 || hz > PITCH_HZ.1 {
        return None;
    }
    let semitones = (12.0 * (hz / 440.0).log2()).round().rem_euclid(12.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 11")]
    Some(semitones as usize % 12)
}

/// A sinc under a Hann window that passes what is below nine tenths of half the thinned rate.
fn lowpass(every: usize) -> Vec<f32> {
    if every == 1 {
        return vec![1.0];
    }
    let length = 16 * every + 1;
    let cutoff = 0.45 / every as f32;
    let middle = (length - 1) as f32 / 2.0;
    let taps: Vec<f32> = (0..length)
        .map(|at| {
            let from_middle = at as f32 - middle;
            let turn = 2.0 * PI * cutoff * from_middle;
            let sinc = if from_middle == 0.0 { 2.0 * cutoff } else { turn.sin() / (PI * from_middle) };
            sinc * (0.5 - 0.5 * (2.0 * PI * (at as f32 + 0.5) / length as f32).cos())
        })
        .collect();
    let sum: f32 = taps.iter().sum();
    taps.into_iter().map(|tap| tap / sum).collect()
}

/// Triangular bands on the mel scale.
struct Bands {
    /// For each band the first bin and the weights from there on; none where the rate has no such frequencies.
    weights: Vec<(usize, Vec<f32>)>,
    /// What each band usually has over the others.
    usual: [f32; BANDS],
    cosines: Vec<[f32; BANDS]>,
}

impl Bands {
    fn new(rate: f32) -> Self {
        let mel = |hz: f32| 1127.0 * (1.0 + hz / 700.0).ln();
        let hz = |mel: f32| 700.0 * ((mel / 1127.0).exp() - 1.0);
        let (low, high) = (mel(BANDS_HZ.0), mel(BANDS_HZ.1));
        let corner = |at: usize| hz(low + (high - low) * at as f32 / (BANDS + 1) as f32);
        let bin_hz = rate / WINDOW as f32;
        let weights = (0..BANDS).map(|band| {
            let (from, middle, to) = (corner(band), corner(band + 1), corner(band + 2));
            if to > rate * 0.45 {
                return (0, Vec::new());
            }
            let weight = |bin: usize| {
                let hz = bin as f32 * bin_hz;
                ((hz - from) / (middle - from)).min((to - hz) / (to - middle)).max(0.0)
            };
            let first = (0..WINDOW / 2).find(|bin| weight(*bin) > 0.0).unwrap_or(0);
            let weights: Vec<f32> =
                (first..WINDOW / 2).map(weight).take_while(|weight| *weight > 0.0).collect();
            let sum: f32 = weights.iter().sum();
            (first, weights.into_iter().map(|weight| weight / sum).collect())
        });
        let weights = weights.collect();
        // 5 dB an octave, as the natural logarithm of a power.
        let slope = 0.5 * std::f32::consts::LN_10;
        let usual = std::array::from_fn(|band| -slope * (corner(band + 1) / 1000.0).log2());
        let scale = (2.0 / BANDS as f32).sqrt();
        let cosine = |index: usize, band: usize| {
            scale * (PI * index as f32 * (band as f32 + 0.5) / BANDS as f32).cos()
        };
        let cosines =
            (1..=COEFFICIENTS).map(|index| std::array::from_fn(|band| cosine(index, band))).collect();
        Self { weights, usual, cosines }
    }

    /// The logarithm of the power in each band, over what is usual. Bands that the rate does not have go on as the
    /// last one that it has.
    fn levels(&self, power: &[f32]) -> [f32; BANDS] {
        let of = |(first, weights): &(usize, Vec<f32>)| -> f32 {
            power[*first..].iter().zip(weights).map(|(power, weight)| power * weight).sum()
        };
        let powers: Vec<f32> = self.weights.iter().map(of).collect();
        // A floor 60 dB below the mean, so that level plays no part.
        let floor = 1e-6 * powers.iter().sum::<f32>() / BANDS as f32 + f32::MIN_POSITIVE;
        let mut last = 0.0;
        std::array::from_fn(|band| {
            if !self.weights[band].1.is_empty() {
                last = (powers[band] + floor).ln() - self.usual[band];
            }
            last
        })
    }

    fn coefficients(&self, levels: &[f32; BANDS]) -> [f32; COEFFICIENTS] {
        std::array::from_fn(|index| {
            self.cosines[index].iter().zip(levels).map(|(cosine, level)| cosine * level).sum()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::f32::consts::TAU;

    use catalog::sound::similarity;

    use super::*;

    const RATE: u32 = 22_050;

    fn of(rate: u32, seconds: f32, wave: impl Fn(f32) -> f32) -> Vec<i8> {
        let mut alike = Alike::new(rate);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few seconds")]
        let samples = (seconds * rate as f32) as u32;
        (0..samples).for_each(|at| alike.push(wave(at as f32 / rate as f32)));
        alike.vector()
    }

    /// A plucked chord, `tempo` times a minute.
    fn pluck(tempo: f32, root: f32) -> impl Fn(f32) -> f32 {
        move |time| {
            let beat = (time * tempo / 60.0).fract() * 60.0 / tempo;
            let tone = |ratio: f32| {
                (TAU * root * ratio * time).sin() + 0.5 * (TAU * 2.0 * root * ratio * time).sin()
            };
            0.2 * (-6.0 * beat).exp() * (tone(1.0) + tone(1.25) + tone(1.5))
        }
    }

    fn noise(time: f32) -> f32 {
        ((time * 12_345.678).sin() * 43_758.547).fract() * 0.3
    }

    #[test]
    fn the_same_sound_at_another_level_or_rate_stays_itself() {
        let sound = of(RATE, 8.0, pluck(100.0, 220.0));
        assert_eq!(sound.len(), VECTOR_DIMENSIONS);
        assert_eq!(sound, of(RATE, 8.0, pluck(100.0, 220.0)), "each time the same");
        let soft = of(RATE, 8.0, |time| 0.05 * pluck(100.0, 220.0)(time));
        assert!(similarity(&sound, &soft) > 0.99, "{}", similarity(&sound, &soft));
        let finer = of(44_100, 8.0, pluck(100.0, 220.0));
        assert!(similarity(&sound, &finer) > 0.97, "{}", similarity(&sound, &finer));
    }

    #[test]
    fn what_sounds_alike_is_nearer_than_what_does_not() {
        let sound = of(RATE, 8.0, pluck(100.0, 220.0));
        let in_another_key = similarity(&sound, &of(RATE, 8.0, pluck(100.0, 247.0)));
        let at_another_tempo = similarity(&sound, &of(RATE, 8.0, pluck(163.0, 220.0)));
        let hiss = similarity(&sound, &of(RATE, 8.0, noise));
        assert!(in_another_key > at_another_tempo, "{in_another_key} {at_another_tempo}");
        assert!(at_another_tempo > hiss, "{at_another_tempo} {hiss}");
    }

    #[test]
    fn the_shortest_sound_has_a_vector_and_silence_has_none() {
        assert_eq!(of(RATE, 0.01, pluck(100.0, 220.0)).len(), VECTOR_DIMENSIONS);
        assert_eq!(of(4_000, 0.5, pluck(100.0, 220.0)).len(), VECTOR_DIMENSIONS);
        for seconds in [0.0, 0.01, 3.0] {
            assert_eq!(of(RATE, seconds, |_| 0.0), Vec::<i8>::new());
        }
    }
}
