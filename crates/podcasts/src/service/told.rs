//! What dialects of other servers ask for besides: all podcasts at once, and episodes with their notes and files.

use std::collections::HashMap;

use catalog::{
    MediaId,
    media::{self, SourceFile},
};
use kernel::{Fault, Time, db::Tx, http::Viewer};

use super::{Podcasts, SUBSCRIPTIONS_MAX, refresh_unless_recent, shape};
use crate::{
    EpisodeId, Error, PodcastId,
    model::{Episode, EpisodeState, Podcast},
    store::{self, FullEpisode},
};

/// An episode as a dialect shows it.
#[derive(Clone, Debug)]
pub struct ToldEpisode {
    /// The episode.
    pub episode: Episode,
    /// Its notes, plain text; in lists at most 500 letters of them, and none where somebody goes on.
    pub notes: String,
    /// Its file, when the viewer has it here.
    pub file: Option<SourceFile>,
    /// When the viewer's progress changed last.
    pub changed_at: Option<Time>,
}

impl Podcasts {
    /// All of the viewer's podcasts, by when they came into the house.
    pub async fn all(&self, viewer: &Viewer) -> Result<Vec<Podcast>, Error> {
        let user = viewer.id;
        let limit = u32::try_from(SUBSCRIPTIONS_MAX).unwrap_or(u32::MAX);
        let rows = self.ctx.db().read(move |tx| store::podcasts(tx, user, PodcastId(0), limit)).await?;
        let pictures = self.pictures(&rows).await?;
        Ok(rows.into_iter().map(|row| shape(row, &pictures)).collect())
    }

    /// The newest episodes of one of the viewer's podcasts, with the begin of their notes.
    pub async fn told_of(
        &self,
        viewer: &Viewer,
        id: PodcastId,
        limit: u32,
    ) -> Result<Vec<ToldEpisode>, Error> {
        let user = viewer.id;
        self.told_rows(move |tx| store::full_episodes(tx, user, id, limit)).await
    }

    /// The newest episodes of all of the viewer's podcasts, with the begin of their notes.
    pub async fn told_newest(&self, viewer: &Viewer, count: u32) -> Result<Vec<ToldEpisode>, Error> {
        let user = viewer.id;
        self.told_rows(move |tx| store::newest_episodes(tx, user, count)).await
    }

    /// Episodes that the viewer has begun and is not done with, by their numbers after `after`, without notes.
    pub async fn told_begun(
        &self,
        viewer: &Viewer,
        after: EpisodeId,
        limit: u32,
    ) -> Result<Vec<ToldEpisode>, Error> {
        let user = viewer.id;
        self.told_rows(move |tx| store::begun_episodes(tx, user, after, limit)).await
    }

    /// One episode.
    pub async fn told(&self, viewer: &Viewer, id: EpisodeId) -> Result<ToldEpisode, Error> {
        let user = viewer.id;
        let told =
            self.told_rows(move |tx| Ok(store::episode_of(tx, user, id)?.into_iter().collect())).await?;
        told.into_iter().next().ok_or(Error::NotFound)
    }

    /// Has all of the viewer's feeds read again soon; each at most once a minute, however often that is wished.
    pub async fn refresh_all(&self, viewer: &Viewer) -> Result<(), Error> {
        let (user, ctx) = (viewer.id, self.ctx.clone());
        let limit = u32::try_from(SUBSCRIPTIONS_MAX).unwrap_or(u32::MAX);
        let asked = self.ctx.db().write(move |tx| {
            for row in store::podcasts(tx, user, PodcastId(0), limit)? {
                refresh_unless_recent(tx, &ctx, row.id, row.checked)?;
            }
            Ok::<_, Fault>(())
        });
        Ok(asked.await?)
    }

    /// Rows with the files of those whose bytes are here for the viewer.
    async fn told_rows(
        &self,
        mut rows: impl FnMut(&mut Tx<'_>) -> Result<Vec<FullEpisode>, Fault> + Send + 'static,
    ) -> Result<Vec<ToldEpisode>, Error> {
        let told = self.ctx.db().read(move |tx| {
            let rows = rows(tx)?;
            let ids: Vec<MediaId> = rows.iter().filter_map(here).collect();
            Ok::<_, Fault>((rows, media::files(tx, &ids)?))
        });
        let (rows, mut files): (_, HashMap<MediaId, SourceFile>) = told.await?;
        let told = rows.into_iter().map(|row| ToldEpisode {
            file: here(&row).and_then(|media| files.remove(&media)),
            episode: row.episode,
            notes: row.notes,
            changed_at: row.changed,
        });
        Ok(told.collect())
    }
}

/// The bytes of an episode, when the viewer has them here.
fn here(row: &FullEpisode) -> Option<MediaId> {
    row.media.filter(|_| row.episode.state == EpisodeState::Ready)
}
