//! Who else may change a playlist's entries: the owner invites, an editor may leave.

use kernel::{Ctx, Problem, db::Tx, http::Viewer, id::UserId};

use super::{EDITORS_MAX, Need, full, get, hold, tell};
use crate::{
    model::playlists::{Invitation, PlaylistDetail, PlaylistId},
    service::Error,
    store::playlists as store,
};

/// Lets somebody change the entries of one's playlist; who may already may go on.
///
/// 403 for who sees it but does not own it, 409 `full` beyond [`EDITORS_MAX`], 422 when there is no such account.
pub async fn invite_editor(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    whom: &Invitation,
) -> Result<PlaylistDetail, Error> {
    if whom.handle.is_some() == whom.user.is_some() {
        return Err(Problem::invalid("handle", "Name whom to invite, by handle or by user.").into());
    }
    let (user, now, whom) = (viewer.id, ctx.now(), whom.clone());
    ctx.db()
        .write(move |tx| {
            let old = hold(tx, user, playlist, Need::Own)?;
            if old.smart {
                let message = "Rules choose what is in this playlist; there is nothing for others to change.";
                return Err(Problem::invalid("handle", message).into());
            }
            let guest = account(tx, &whom)?;
            if guest == user {
                return Err(Problem::invalid("handle", "It is yours; you need no invitation.").into());
            }
            if !store::editors::is_editor(tx, playlist, guest)?
                && store::editors::of(tx, playlist)?.len() >= EDITORS_MAX
            {
                let what =
                    format!("At most {EDITORS_MAX} people may change one playlist; take one out first.");
                return Err(full(&what).into());
            }
            store::editors::insert(tx, playlist, guest, now)?;
            tell(tx, playlist, &old)?;
            Ok::<_, Error>(())
        })
        .await?;
    get(ctx, viewer, playlist).await
}

fn account(tx: &mut Tx<'_>, whom: &Invitation) -> Result<UserId, Error> {
    if let Some(handle) = &whom.handle {
        let handle = handle.trim().trim_start_matches('@').to_ascii_lowercase();
        let found = store::editors::by_handle(tx, &handle)?;
        return Ok(found.ok_or_else(|| Problem::invalid("handle", "Nobody here has this handle."))?);
    }
    let user = whom.user.unwrap_or(UserId(0));
    if store::editors::is_account(tx, user)? {
        return Ok(user);
    }
    Err(Problem::invalid("user", "There is no such account.").into())
}

/// Ends somebody's right to change the entries: the owner for anybody, an editor for himself. 404 when there is none.
pub async fn remove_editor(
    ctx: &Ctx,
    viewer: &Viewer,
    playlist: PlaylistId,
    editor: UserId,
) -> Result<(), Error> {
    let user = viewer.id;
    ctx.db()
        .write(move |tx| {
            let need = if editor == user { Need::Edit } else { Need::Own };
            let old = hold(tx, user, playlist, need)?;
            tell(tx, playlist, &old)?;
            if !store::editors::delete(tx, playlist, editor)? {
                return Err(Error::NotFound);
            }
            Ok(())
        })
        .await
}
