//! The power spectrum of a piece of sound: a plain radix-2 transform (Cooley and Tukey, 1965), enough for what is
//! asked for here and the same on every machine.

#![allow(clippy::cast_precision_loss, reason = "places in a window of a few thousand samples")]

use std::f32::consts::TAU;

/// Samples of a window, a power of two.
pub(super) const WINDOW: usize = 2048;

/// The tables of the transform, and its place to work in.
pub(super) struct Spectrum {
    window: Vec<f32>,
    /// Cosine and sine of each step around the circle.
    turns: Vec<(f32, f32)>,
    real: Vec<f32>,
    imaginary: Vec<f32>,
    power: Vec<f32>,
}

impl Spectrum {
    pub(super) fn new() -> Self {
        let angle = |at: usize| TAU * at as f32 / WINDOW as f32;
        Self {
            window: (0..WINDOW).map(|at| 0.5 - 0.5 * angle(at).cos()).collect(),
            turns: (0..WINDOW / 2).map(|at| (angle(at).cos(), -angle(at).sin())).collect(),
            real: vec![0.0; WINDOW],
            imaginary: vec![0.0; WINDOW],
            power: vec![0.0; WINDOW / 2],
        }
    }

    /// The power in each of half as many bins as there are samples, under a Hann window; a sine at full scale has a
    /// quarter in its bin.
    pub(super) fn power(&mut self, samples: &[f32]) -> &[f32] {
        let bits = WINDOW.trailing_zeros();
        for (at, (sample, window)) in samples.iter().zip(&self.window).enumerate() {
            let place = at.reverse_bits() >> (usize::BITS - bits);
            self.real[place] = sample * window;
        }
        self.imaginary.fill(0.0);
        let mut half = 1;
        while half < WINDOW {
            let stride = WINDOW / (2 * half);
            for start in (0..WINDOW).step_by(2 * half) {
                for step in 0..half {
                    self.butterfly(start + step, start + step + half, step * stride);
                }
            }
            half *= 2;
        }
        // The window's mean is a half, and half of a sine is in the other half of the spectrum.
        let scale = 2.0 / WINDOW as f32;
        for (at, power) in self.power.iter_mut().enumerate() {
            let (real, imaginary) = (self.real[at] * scale, self.imaginary[at] * scale);
            *power = real * real + imaginary * imaginary;
        }
        &self.power
    }

    fn butterfly(&mut self, low: usize, high: usize, turn: usize) {
        let (cosine, sine) = self.turns[turn];
        let real = self.real[high] * cosine - self.imaginary[high] * sine;
        let imaginary = self.real[high] * sine + self.imaginary[high] * cosine;
        self.real[high] = self.real[low] - real;
        self.imaginary[high] = self.imaginary[low] - imaginary;
        self.real[low] += real;
        self.imaginary[low] += imaginary;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_is_in_its_bin_and_nowhere_else() {
        let mut spectrum = Spectrum::new();
        for bin in [5, 100, 1000] {
            let sine: Vec<f32> =
                (0..WINDOW).map(|at| (TAU * ((at * bin) % WINDOW) as f32 / WINDOW as f32).sin()).collect();
            let power = spectrum.power(&sine);
            assert!((power[bin] - 0.25).abs() < 1e-3, "{}", power[bin]);
            let elsewhere: f32 =
                power.iter().enumerate().filter(|(at, _)| at.abs_diff(bin) > 1).map(|(_, p)| p).sum();
            assert!(elsewhere < 1e-6, "{elsewhere}");
        }
    }
}
