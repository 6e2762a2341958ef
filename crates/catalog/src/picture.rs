//! Pictures: hostile bytes become facts, and pictures of the sizes that are asked for. [`facts`] and [`sized`] are
//! pure; the decoder works under limits, so a small file that unfolds to a huge picture is refused before it is.

mod loose;

use std::{fmt, io::Cursor};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use image::{
    DynamicImage, ExtendedColorType, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngEncoder},
    imageops::FilterType,
};
use kernel::{Fault, Time, db::Db};

pub use loose::{Standing, forget, hold, kept_at, loosen, original_of, sizes_of, standings};

use crate::{PictureId, store};

/// The purpose of the signature in a picture's path; its subject is the picture's number.
pub const GRANT: &str = "picture";

/// Largest file that is looked at.
pub const BYTES_MAX: usize = 25 * 1024 * 1024;
/// Longest edge that is decoded.
pub const EDGE_MAX: u32 = 12_000;
/// Most pixels that are decoded.
pub const PIXELS_MAX: u64 = 50_000_000;
/// Memory that a decoder may take besides: eight bytes a pixel.
const DECODER_BYTES_MAX: u64 = PIXELS_MAX * 8;
/// Longest edge of the blur.
const BLUR_EDGE: u32 = 8;
/// How good a resized picture is, of 100.
const JPEG_QUALITY: u8 = 82;

/// Longest edges in which pictures are given out; the page puts one of them for `{size}`.
pub const SIZES: [u32; 5] = [96, 192, 384, 768, 1536];

/// What is kept of a picture besides its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureFacts {
    /// BLAKE3 of the bytes.
    pub hash: [u8; 32],
    /// The blob that the bytes belong in: made of the hash and, once it is known, of when they are kept.
    pub blob_key: String,
    /// Its type.
    pub mime: &'static str,
    /// Pixels as they are shown, after rotation.
    pub width: u32,
    /// Pixels as they are shown, after rotation.
    pub height: u32,
    /// A tiny data URI to show while the picture loads.
    pub blur: String,
}

impl PictureFacts {
    /// The same in a blob of its own. The bytes of a picture that was let go are deleted after its row: who keeps the same
    /// picture again meanwhile must not write where that deletion goes.
    #[must_use]
    pub fn kept_at(mut self, now: Time) -> Self {
        self.blob_key = format!("{}-{}", self.blob_key, now.0);
        self
    }
}

/// Why bytes are no picture for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// More than [`BYTES_MAX`].
    TooManyBytes,
    /// More than [`EDGE_MAX`] along one edge, or more than [`PIXELS_MAX`], or the decoder would take too much memory.
    TooManyPixels,
    /// No picture of a kind that is read, or a broken one: with what is wrong.
    Unreadable(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyBytes => write!(f, "the picture has more than {} MiB", BYTES_MAX / (1024 * 1024)),
            Self::TooManyPixels => {
                write!(f, "the picture has more than {EDGE_MAX} pixels along an edge or {PIXELS_MAX} in all")
            }
            Self::Unreadable(why) => write!(f, "the picture can't be read: {why}"),
        }
    }
}

impl std::error::Error for Refused {}

/// The hash by which a picture is known.
pub fn hash(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

/// Decodes a picture and says what is kept of it. Takes tens of milliseconds: not for an async thread.
pub fn facts(bytes: &[u8]) -> Result<PictureFacts, Refused> {
    let (picture, mime) = decode(bytes)?;
    let hash = hash(bytes);
    let hex = blake3::Hash::from(hash).to_hex();
    Ok(PictureFacts {
        hash,
        blob_key: format!("pictures/{}/{hex}", &hex[..2]),
        mime,
        width: picture.width(),
        height: picture.height(),
        blur: blur(&picture)?,
    })
}

/// The picture as a JPEG whose longest edge is `longest_edge`, or its own if that is shorter; what is transparent
/// becomes white. Not for an async thread.
pub fn sized(bytes: &[u8], longest_edge: u32) -> Result<Vec<u8>, Refused> {
    Ok(reduced(bytes, longest_edge)?.0)
}

/// The same, and the type that the picture was of.
pub fn reduced(bytes: &[u8], longest_edge: u32) -> Result<(Vec<u8>, &'static str), Refused> {
    let (picture, mime) = decode(bytes)?;
    let small = shrink(&picture, longest_edge.max(1));
    let mut flat = Vec::with_capacity(small.width() as usize * small.height() as usize * 3);
    for pixel in small.to_rgba8().pixels() {
        let [red, green, blue, alpha] = pixel.0;
        let over = |colour: u8| {
            let mixed = u32::from(colour) * u32::from(alpha) + 255 * (255 - u32::from(alpha));
            u8::try_from(mixed / 255).unwrap_or(u8::MAX)
        };
        flat.extend([over(red), over(green), over(blue)]);
    }
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, JPEG_QUALITY)
        .write_image(&flat, small.width(), small.height(), ExtendedColorType::Rgb8)
        .map_err(unreadable)?;
    Ok((jpeg, mime))
}

/// The blob of a picture and its type. Who comes with a signature for it may have it.
pub async fn blob(db: &Db, picture: PictureId) -> Result<Option<(String, String)>, Fault> {
    store::pictures::blob(db, picture).await
}

/// Whether some picture's bytes are in this blob; what else lies in `pictures/` is stray.
pub async fn is_used(db: &Db, blob_key: &str) -> Result<bool, Fault> {
    store::pictures::is_used(db, blob_key).await
}

fn shrink(picture: &DynamicImage, longest_edge: u32) -> DynamicImage {
    if picture.width().max(picture.height()) <= longest_edge {
        return picture.clone();
    }
    // Averaging first is quick and leaves little for the good filter to do.
    let rough = longest_edge.saturating_mul(2);
    if picture.width().max(picture.height()) > rough.saturating_mul(2) {
        return picture.thumbnail(rough, rough).resize(longest_edge, longest_edge, FilterType::CatmullRom);
    }
    picture.resize(longest_edge, longest_edge, FilterType::CatmullRom)
}

fn blur(picture: &DynamicImage) -> Result<String, Refused> {
    let tiny = picture.thumbnail(BLUR_EDGE, BLUR_EDGE).to_rgb8();
    let mut png = Vec::new();
    PngEncoder::new(&mut png)
        .write_image(tiny.as_raw(), tiny.width(), tiny.height(), ExtendedColorType::Rgb8)
        .map_err(unreadable)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(png)))
}

/// Decodes under the limits, turned as the camera was held.
fn decode(bytes: &[u8]) -> Result<(DynamicImage, &'static str), Refused> {
    if bytes.len() > BYTES_MAX {
        return Err(Refused::TooManyBytes);
    }
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| Refused::Unreadable(error.to_string()))?;
    let mime = match reader.format() {
        Some(ImageFormat::Jpeg) => "image/jpeg",
        Some(ImageFormat::Png) => "image/png",
        Some(ImageFormat::WebP) => "image/webp",
        Some(ImageFormat::Gif) => "image/gif",
        Some(ImageFormat::Bmp) => "image/bmp",
        Some(ImageFormat::Tiff) => "image/tiff",
        _ => return Err(Refused::Unreadable("it is none of JPEG, PNG, WebP, GIF, BMP, TIFF".to_owned())),
    };
    let mut limits = Limits::default();
    limits.max_image_width = Some(EDGE_MAX);
    limits.max_image_height = Some(EDGE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    let (width, height) = decoder.dimensions();
    if width > EDGE_MAX || height > EDGE_MAX || u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(Refused::TooManyPixels);
    }
    if width == 0 || height == 0 {
        return Err(Refused::Unreadable("it has no pixels".to_owned()));
    }
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(orientation);
    Ok((picture, mime))
}

fn unreadable(error: image::ImageError) -> Refused {
    match error {
        image::ImageError::Limits(_) => Refused::TooManyPixels,
        other => Refused::Unreadable(other.to_string()),
    }
}
