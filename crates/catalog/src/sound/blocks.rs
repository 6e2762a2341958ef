//! How loud the parts of a sound are, small enough to keep for every track and to add up for an album.
//!
//! EBU R128 (ITU-R BS.1770-4) measures blocks of 400 ms, leaves those below an absolute and a relative gate away, and
//! takes the mean of the others. The relative gate depends on all blocks of what is measured, so that the loudness of
//! an album can't be reckoned from those of its tracks; it can from their blocks. They are kept as a histogram in
//! tenths of a loudness unit, as BS.1770 meters commonly do: the mean of an album is off by 0.05 LU at the very most.

/// Loudness below which a block counts for nothing, LUFS.
pub const GATE_LUFS: f64 = -70.0;
/// How far below the mean of the others a block may be, LU.
const RELATIVE_GATE_LU: f64 = -10.0;
/// Bins around each tenth of a unit, from the gate up to 30 LUFS, which no sound of a file that can be played reaches.
const BINS: usize = 1001;
const BINS_A_LU: f64 = 10.0;
/// The constant of BS.1770 that makes a sine of 997 Hz at full scale in one channel −3.01 LKFS.
const OFFSET_LU: f64 = -0.691;

/// The mean square of a loudness in LUFS.
pub fn energy(lufs: f64) -> f64 {
    10.0_f64.powf((lufs - OFFSET_LU) / 10.0)
}

/// The loudness in LUFS of a mean square; minus infinity of none.
pub fn lufs(energy: f64) -> f64 {
    10.0 * energy.log10() + OFFSET_LU
}

/// The gated mean of blocks, each a mean square and how many times it is there, in LUFS. `None` when all are silent.
/// May be asked for the blocks several times.
pub fn gated<I: Iterator<Item = (f64, u64)>>(blocks: impl Fn() -> I) -> Option<f64> {
    let above = |gate: f64| {
        let heard = blocks().filter(|(energy, _)| *energy >= gate);
        let (sum, count) = heard.fold((0.0, 0), |(sum, count), (energy, times)| {
            #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 blocks")]
            let weight = times as f64;
            (sum + energy * weight, count + times)
        });
        #[expect(clippy::cast_precision_loss, reason = "there are far fewer than 2^52 blocks")]
        (count > 0).then(|| sum / count as f64)
    };
    let absolute = energy(GATE_LUFS);
    let relative = above(absolute)? * 10.0_f64.powf(RELATIVE_GATE_LU / 10.0);
    above(absolute.max(relative)).map(lufs)
}

/// A histogram of the loudness of blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocks {
    counts: Vec<u64>,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { counts: vec![0; BINS] }
    }
}

impl Blocks {
    /// Counts a block with this mean square; one below the gate is left away.
    pub fn add(&mut self, energy: f64) {
        let lufs = lufs(energy);
        if lufs.is_nan() || lufs < GATE_LUFS {
            return;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at least the gate; what is not finite becomes the last bin"
        )]
        let bin = ((lufs - GATE_LUFS) * BINS_A_LU).round() as usize;
        self.counts[bin.min(BINS - 1)] += 1;
    }

    /// Counts the blocks of `other` as well.
    pub fn merge(&mut self, other: &Self) {
        for (own, others) in self.counts.iter_mut().zip(&other.counts) {
            *own = own.saturating_add(*others);
        }
    }

    /// Integrated loudness, LUFS; `None` when no block is above the gate.
    pub fn integrated_lufs(&self) -> Option<f64> {
        gated(|| {
            let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
            filled.map(|(bin, count)| {
                #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
                let middle = GATE_LUFS + bin as f64 / BINS_A_LU;
                (energy(middle), *count)
            })
        })
    }

    /// As it is kept: the number of the first bin in use, then the count of each up to the last one, all as LEB128; a
    /// zero is followed by how many there are. Some two hundred bytes for a song.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let used = |count: &u64| *count > 0;
        let (Some(first), Some(last)) =
            (self.counts.iter().position(used), self.counts.iter().rposition(used))
        else {
            return bytes;
        };
        put(&mut bytes, first as u64);
        let mut counts = self.counts[first..=last].iter().peekable();
        while let Some(count) = counts.next() {
            put(&mut bytes, *count);
            if *count == 0 {
                let mut zeros = 1;
                while counts.next_if(|next| **next == 0).is_some() {
                    zeros += 1;
                }
                put(&mut bytes, zeros);
            }
        }
        bytes
    }

    /// Reads what [`Blocks::to_bytes`] made; `None` of anything else.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let mut blocks = Self::default();
        if bytes.is_empty() {
            return Some(blocks);
        }
        let mut bin = usize::try_from(take(&mut bytes)?).ok()?;
        while !bytes.is_empty() {
            match take(&mut bytes)? {
                0 => bin = bin.checked_add(usize::try_from(take(&mut bytes)?).ok()?)?,
                count => {
                    *blocks.counts.get_mut(bin)? = count;
                    bin += 1;
                }
            }
        }
        Some(blocks)
    }
}

fn put(bytes: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or(0);
        number >>= 7;
        if number == 0 {
            return bytes.push(low);
        }
        bytes.push(low | 0x80);
    }
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..63).step_by(7) {
        let (&byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(levels: &[(f64, usize)]) -> Blocks {
        let mut blocks = Blocks::default();
        for (lufs, times) in levels {
            (0..*times).for_each(|_| blocks.add(energy(*lufs)));
        }
        blocks
    }

    fn near(blocks: &Blocks, lufs: f64) {
        let measured = blocks.integrated_lufs().expect("it is not silent");
        assert!((measured - lufs).abs() <= 0.0501, "{measured} is not {lufs}");
    }

    #[test]
    fn a_steady_sound_is_as_loud_as_each_of_its_blocks() {
        for lufs in [-69.97, -23.0, -14.04, 0.0, 3.2] {
            near(&of(&[(lufs, 100)]), lufs);
        }
    }

    #[test]
    fn silence_and_soft_passages_are_left_away() {
        near(&of(&[(-23.0, 100), (-120.0, 900)]), -23.0);
        // EBU Tech 3341, third case: what is 13 LU softer than the rest falls below the relative gate.
        near(&of(&[(-36.0, 100), (-23.0, 600), (-36.0, 100)]), -23.0);
        assert_eq!(of(&[(-71.0, 50)]).integrated_lufs(), None);
        assert_eq!(Blocks::default().integrated_lufs(), None);
    }

    #[test]
    fn an_album_is_gated_as_a_whole() {
        let mut album = of(&[(-40.0, 300)]);
        album.merge(&of(&[(-20.0, 300)]));
        near(&album, -20.0);
    }

    #[test]
    fn what_is_kept_is_what_was_counted() {
        for blocks in [
            Blocks::default(),
            of(&[(-70.0, 1)]),
            of(&[(29.99, 3), (-69.9, 200), (-23.0, 100_000)]),
            of(&[(99.0, 1)]),
        ] {
            assert_eq!(Blocks::from_bytes(&blocks.to_bytes()), Some(blocks));
        }
    }

    #[test]
    fn what_was_never_kept_is_not_read() {
        for bytes in
            [&[0x80][..], &[0xe8, 7, 1, 1], &[0, 0], &[0xff; 12], &[1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 1]]
        {
            assert_eq!(Blocks::from_bytes(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_finite_harms_nothing() {
        let mut blocks = Blocks::default();
        for energy in [f64::NAN, -1.0, 0.0] {
            blocks.add(energy);
        }
        assert_eq!(blocks.integrated_lufs(), None);
        blocks.add(f64::INFINITY);
        assert!(blocks.integrated_lufs().expect("loud") < 31.0);
    }
}
