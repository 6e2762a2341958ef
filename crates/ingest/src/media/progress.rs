//! How far ffmpeg has come, from what it writes with `-progress`.

use super::sandbox::Pulse;

/// Reads ffmpeg's progress lines.
pub(super) struct Progress {
    duration_us: f64,
    line: Vec<u8>,
    latest_us: f64,
    latest_frame: u64,
    told: f64,
}

impl Progress {
    /// For a source of this length.
    pub(super) fn new(source_ms: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "a day in microseconds fits")]
        let duration_us = source_ms as f64 * 1000.0;
        Self { duration_us, line: Vec::new(), latest_us: 0.0, latest_frame: 0, told: 0.0 }
    }

    /// Takes output; the new fraction if it grew by a hundredth or more.
    pub(super) fn take(&mut self, bytes: &[u8], pulse: &Pulse) -> Option<f64> {
        const LINE_BYTES_MAX: usize = 256;
        for byte in bytes {
            match byte {
                b'\n' => self.read_line(pulse),
                _ if self.line.len() < LINE_BYTES_MAX => self.line.push(*byte),
                _ => {}
            }
        }
        let fraction = (self.latest_us / self.duration_us).clamp(0.0, 1.0);
        (self.duration_us > 0.0 && fraction >= self.told + 0.01).then(|| {
            self.told = fraction;
            fraction
        })
    }

    fn read_line(&mut self, pulse: &Pulse) {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let Some((key, value)) = line.split_once('=') else { return };
        let value = value.trim();
        let moved = match key {
            "out_time_us" => value.parse::<f64>().is_ok_and(|us| {
                us > self.latest_us && {
                    self.latest_us = us;
                    true
                }
            }),
            "frame" => value.parse::<u64>().is_ok_and(|frame| {
                frame > self.latest_frame && {
                    self.latest_frame = frame;
                    true
                }
            }),
            _ => false,
        };
        if moved {
            pulse.beat();
        }
    }
}
