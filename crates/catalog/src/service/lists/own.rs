//! The same keys of a listener's own orders, for those who page far into what they marked or played.
//!
//! They are made when a far offset is first asked for, and again when the listener marks or plays something or the
//! catalogue changes, with the same rest between two times as the keys of all ([`super::sparse`]). A hundred thousand
//! marks are two hundred keys of 48 bytes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kernel::{Ctx, Time, bus::Listener, http::Viewer, id::UserId};

use super::sparse::{self, Sparse, Walk};
use crate::{
    access,
    model::{ItemKind, MarkOrder, TOPIC_CATALOG, TOPIC_MARKS},
    service::Error,
    store::read::{
        marks::{self, From},
        places::Place,
    },
};

/// Orders of listeners whose keys are kept; whoever comes with a further one takes the place of the one that served
/// longest ago.
const SETS_MAX: usize = 64;

/// Whose marks, on what, in which order.
type Own = (UserId, ItemKind, MarkOrder);

/// The keys of many listeners. Each has a lock of its own, so that nobody waits for another's.
#[derive(Default)]
struct Kept {
    /// The one that served last is the last.
    slots: Mutex<Vec<(Own, Slot)>>,
}

type Slot = Arc<tokio::sync::Mutex<Option<Made>>>;

struct Made {
    /// For what the listener saw then.
    scope: i64,
    sparse: Arc<Sparse>,
    heard: Listener,
    changed: bool,
    at: Time,
    took: Duration,
}

impl Kept {
    fn slot(&self, own: Own) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let known = slots.iter().position(|(one, _)| *one == own).map(|at| slots.remove(at).1);
        let slot = known.unwrap_or_default();
        if slots.len() >= SETS_MAX {
            slots.remove(0);
        }
        slots.push((own, Arc::clone(&slot)));
        slot
    }
}

/// The keys of one order of the viewer's marks.
pub(super) async fn of(
    ctx: &Ctx,
    viewer: &Viewer,
    kind: ItemKind,
    order: MarkOrder,
) -> Result<Arc<Sparse>, Error> {
    let user = viewer.id;
    let slot = ctx.kept(Kept::default).slot((user, kind, order));
    let scope = access::scope_of(ctx, viewer).await?;
    let mut made = slot.lock().await;
    let now = ctx.now();
    if let Some(made) = made.as_mut() {
        made.changed |= made.heard.has_heard_any(&[TOPIC_CATALOG, &format!("{TOPIC_MARKS}:{user}")]);
        if made.scope == scope && sparse::serve(made.changed, made.at, made.took, now) {
            return Ok(Arc::clone(&made.sparse));
        }
    }
    // What changes from now on is not in it for certain.
    let heard = ctx.bus().subscribe();
    let walk: Walk = Arc::new(move |tx, from, skip, limit| {
        let from = From { before: (from.number, from.id), skip };
        let rows = marks::by_mark(tx, user, kind, order, from, limit)?;
        Ok(rows.into_iter().map(|row| Place { text: Vec::new(), number: row.key, id: row.id }).collect())
    });
    let (number, id) = From::TOP.before;
    let sparse = Arc::new(sparse::make(ctx, scope, Place { text: Vec::new(), number, id }, &walk).await?);
    let at = ctx.now();
    *made = Some(Made { scope, sparse: Arc::clone(&sparse), heard, changed: false, at, took: at.since(now) });
    Ok(sparse)
}
