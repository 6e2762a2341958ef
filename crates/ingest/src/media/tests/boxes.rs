//! The reader of boxes believes nothing.

use super::{
    super::{
        boxes::{parse_fragment, parse_init},
        cutter::{Cutter, Piece},
    },
    world,
};

/// A small, fixed generator: a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % sides
    }
}

fn cut(bytes: &[u8], step: usize) -> Result<Vec<Piece>, super::MediaError> {
    let (mut cutter, mut pieces) = (Cutter::default(), Vec::new());
    for part in bytes.chunks(step) {
        cutter.push(part, &mut pieces)?;
    }
    cutter.finish(&mut pieces)?;
    Ok(pieces)
}

#[tokio::test]
async fn damaged_boxes_are_errors_and_never_a_crash() {
    let world = world();
    let source = world.clip("a.mp4");
    let encoded = world.encode(&source).await;
    let mut dice = Dice(7);
    for (index, init) in encoded.inits.iter().enumerate() {
        let whole = std::fs::read(encoded.joined(index)).expect("joined");
        let track = parse_init(&init.data).expect("our own");
        let first = &encoded.segments[index][0].data;
        assert_eq!(parse_fragment(first, &track).expect("our own").start, 0);
        let head = (init.data.len() + 600).min(whole.len());
        for length in 0..head {
            assert!(
                cut(&whole[..length], 64 * 1024).is_err() || length == 0 || length == init.data.len(),
                "{length}"
            );
            let _ = parse_init(&init.data[..length.min(init.data.len())]);
            let _ = parse_fragment(&first[..length.min(first.len())], &track);
        }
        for _ in 0..4_000 {
            let mut bytes = whole.clone();
            for _ in 0..=dice.roll(4) {
                let value = [0, 1, 0x7f, 0x80, 0xff, dice.roll(256)][dice.roll(6)];
                bytes[dice.roll(head)] = u8::try_from(value).expect("a byte");
            }
            let _ = cut(&bytes, 64 * 1024);
        }
    }
    for _ in 0..20_000 {
        let bytes: Vec<u8> =
            (0..dice.roll(200)).map(|_| u8::try_from(dice.roll(256)).expect("a byte")).collect();
        let _ = cut(&bytes, 1 + dice.roll(50));
    }
}

#[tokio::test]
async fn it_does_not_matter_how_the_bytes_arrive() {
    let world = world();
    let encoded = world.encode(&world.clip("a.mp4")).await;
    let whole = std::fs::read(encoded.joined(0)).expect("joined");
    for step in [1, 7, 1000, usize::MAX] {
        let pieces = cut(&whole, step).expect("our own");
        let joined: Vec<u8> = pieces
            .iter()
            .flat_map(|piece| match piece {
                Piece::Init(data, _) => data.to_vec(),
                Piece::Segment(cut) => cut.data.to_vec(),
            })
            .collect();
        assert!(joined == whole, "step {step}");
        assert_eq!(pieces.len(), 2);
    }
}

#[test]
fn a_box_may_not_claim_more_than_its_limit() {
    let mut huge = Vec::from(*b"\0\0\0\x01moov");
    huge.extend_from_slice(&(1_u64 << 40).to_be_bytes());
    assert!(cut(&huge, 100).is_err());
    assert!(cut(b"\0\0\0\x07free", 100).is_err(), "shorter than its header");
}
