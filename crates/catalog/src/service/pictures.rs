//! Pictures for other domains, whose rows know their numbers.

use std::collections::HashMap;

use kernel::{Ctx, Fault};

use super::shape::Shaper;
use crate::{PictureId, model::Picture, store};

/// How these pictures are shown. Whether the viewer may have them is the caller's to know: they come with what they are
/// pictures of. At most a page's worth at once.
pub async fn pictures(ctx: &Ctx, ids: &[PictureId]) -> Result<HashMap<PictureId, Picture>, Fault> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let shaper = Shaper::new(ctx.signer(), ctx.now());
    let rows = store::pictures::rows(ctx.db(), ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, shaper.picture(row))).collect())
}
