//! What a visitor may: everything here begins with a link, and looks through the eyes of who shared it.

use std::{net::IpAddr, time::Duration};

use accounts::visitors::{self, Guess};
use axum::response::Response;
use catalog::{
    TrackId, VideoId, media,
    model::{Picture, Track, Video},
    picture,
};
use delivery::{Asked, Playable, TrackGrant, VideoGrant};
use kernel::{Fault, Time, http::Viewer};
use tokio::sync::SemaphorePermit;

use super::{
    Sharing,
    shown::{self, Shown},
};
use crate::{
    Error,
    model::{Shared, SharedPage, SharedTrack, SharedVideo, VisitorPass},
    store::{self, ShareRow},
};

/// Characters of a link's secret.
pub(crate) const LINK_CHARS: usize = 22;
/// Paths that a visitor is given hold at least this long.
const HOLDS: Duration = Duration::from_hours(1);
/// Those of a film hold as much longer as it plays, so that nothing is cut off in the middle, and at most this much.
const FILM_MAX: Duration = Duration::from_hours(11);
/// Paths given within this time are the same, so that what a browser keeps of them serves again.
const SAME_FOR_S: i64 = 600;
/// How long a proven password holds.
const PASS_HOLDS: Duration = Duration::from_hours(12);
/// The purpose of the signature of a visitor's pass.
const PASS: &str = "sharing.visitor";

/// Who comes with a link.
#[derive(Clone, Debug, Default)]
pub(crate) struct Visitor {
    /// The pass, if one was sent.
    pub(crate) pass: Option<String>,
    /// Who it is, if somebody is signed in.
    pub(crate) member: Option<Viewer>,
}

/// A share that can be looked at now, and the one through whose eyes.
pub(super) struct Open {
    pub(super) row: ShareRow,
    pub(super) sharer: Viewer,
    pub(super) sharer_name: String,
}

/// The hash under which the database knows a secret of 128 random-looking bits.
pub(super) fn hash(secret: &str) -> [u8; 32] {
    *blake3::hash(secret.as_bytes()).as_bytes()
}

impl Sharing {
    /// The share that a link leads to. One that ended, was revoked or never was, and one whose owner is gone, is absent.
    pub(super) async fn open(&self, secret: &str) -> Result<Open, Error> {
        if secret.len() != LINK_CHARS {
            return Err(Error::NotFound);
        }
        let row = store::by_secret(self.ctx().db(), hash(secret)).await?.ok_or(Error::NotFound)?;
        if row.expires.is_some_and(|end| end <= self.ctx().now()) {
            return Err(Error::NotFound);
        }
        let (sharer, sharer_name) = visitors::member(self.ctx(), row.owner).await?.ok_or(Error::NotFound)?;
        Ok(Open { row, sharer, sharer_name })
    }

    /// A turn to look at what a share holds; so many wait, and no more.
    pub(super) async fn turn(&self) -> Result<(SemaphorePermit<'_>, SemaphorePermit<'_>), Error> {
        let place = self.inner.line.try_acquire().map_err(|_| Error::busy())?;
        let turn = self.inner.looks.acquire().await;
        Ok((place, turn.map_err(|error| Fault::from_error("the line of visitors is closed", error))?))
    }

    /// What a share holds now; absent when nothing of it is left.
    pub(super) async fn look(&self, open: &Open) -> Result<Shown, Error> {
        let _turn = self.turn().await?;
        let what = self.what(&open.row).await?;
        shown::look(self.ctx(), &open.sharer, &what).await?.ok_or(Error::NotFound)
    }

    /// Whether this visitor may see what is behind the link: there is no password, or it was proven.
    pub(super) fn is_let_in(&self, row: &ShareRow, pass: Option<&str>) -> bool {
        let subject = pass_subject(row);
        let proven = |pass: &str| self.ctx().signer().allows(PASS, &subject, pass, self.ctx().now());
        row.password.is_none() || pass.is_some_and(proven)
    }

    /// What a link leads to. It counts as a visit, unless the owner looks.
    pub(crate) async fn visit(&self, secret: &str, visitor: &Visitor) -> Result<SharedPage, Error> {
        let open = self.open(secret).await?;
        // Looked at before the password is asked for: there is none to ask for where nothing is left.
        let shown = self.look(&open).await?;
        if !self.is_let_in(&open.row, visitor.pass.as_deref()) {
            return Ok(SharedPage { locked: true, shared: None });
        }
        if visitor.member.as_ref().is_none_or(|member| member.id != open.row.owner) {
            let (id, now) = (open.row.id, self.ctx().now());
            let noted: Result<u64, Fault> =
                self.ctx().db().write(move |tx| store::note_visit(tx, id, now)).await;
            noted?;
        }
        let archive_bytes = self.archive_bytes(&open, &shown).await?;
        let video = match &shown.video {
            Some(video) => Some(self.shape_video(&open, video).await?),
            None => None,
        };
        Ok(SharedPage { locked: false, shared: Some(self.shape_shared(open, shown, (archive_bytes, video))) })
    }

    async fn shape_video(&self, open: &Open, video: &Video) -> Result<SharedVideo, Fault> {
        let media = if open.row.downloads {
            media::for_video(self.ctx(), &open.sharer, video.id).await?
        } else {
            None
        };
        Ok(SharedVideo {
            id: video.id,
            about: video.description.clone(),
            duration_ms: video.duration_ms,
            width: video.width,
            height: video.height,
            state: video.state,
            file_bytes: media.map(|media| media.file.bytes),
        })
    }

    fn shape_shared(
        &self,
        open: Open,
        shown: Shown,
        (archive_bytes, video): (Option<u64>, Option<SharedVideo>),
    ) -> Shared {
        let until = self.until(&open.row);
        let picture = |picture: Picture| self.brief_picture(picture, until);
        let track = |track: Track| SharedTrack {
            id: track.id,
            artists: shown::artists_of(&track),
            title: track.title,
            album: track.album.map(|album| album.title),
            number: track.number,
            disc: track.disc,
            duration_ms: track.duration_ms,
            picture: track.picture.map(picture),
            playable: track.playable,
        };
        Shared {
            kind: open.row.kind,
            title: shown.title,
            by: shown.by,
            description: open.row.description,
            sharer: open.sharer_name,
            picture: shown.picture.map(picture),
            tracks: shown.tracks.into_iter().map(track).collect(),
            video,
            more: shown.more,
            downloads: open.row.downloads,
            archive_bytes,
            expires_at: open.row.expires,
        }
    }

    /// Until when what is given to a visitor now holds: briefly, and never beyond the link.
    pub(super) fn until(&self, row: &ShareRow) -> Time {
        let until = self.brief_end();
        row.expires.map_or(until, |end| end.min(until))
    }

    fn brief_end(&self) -> Time {
        let begun = self.ctx().now().seconds().div_euclid(SAME_FOR_S) + 1;
        Time(begun * SAME_FOR_S * 1_000_000).plus(HOLDS)
    }

    /// The same picture at a path that holds no longer than the rest of what a visitor is given.
    fn brief_picture(&self, picture: Picture, until: Time) -> Picture {
        let token = self.ctx().signer().grant(picture::GRANT, &picture.id.to_string(), until);
        Picture { url: format!("/pictures/{}/{{size}}?t={token}", picture.id), ..picture }
    }

    /// Checks a visitor's password and gives a pass for it. Guesses are counted per link, and per link and address.
    pub(crate) async fn unlock(
        &self,
        secret: &str,
        password: String,
        address: Option<IpAddr>,
    ) -> Result<VisitorPass, Error> {
        let open = self.open(secret).await?;
        self.look(&open).await?;
        if let Some(known) = open.row.password.clone() {
            let guess = Guess::count(self.ctx(), &format!("share {}", open.row.id), address).await?;
            match self.inner.passwords.verify(Some(known), password).await {
                Ok(true) => guess.was_right(self.ctx()).await?,
                Ok(false) => return Err(Error::wrong_password()),
                Err(error) => {
                    guess.was_not_checked(self.ctx()).await?;
                    return Err(error.into());
                }
            }
        }
        let until = self.ctx().now().plus(PASS_HOLDS);
        let expires_at = open.row.expires.map_or(until, |end| end.min(until));
        let token = self.ctx().signer().grant(PASS, &pass_subject(&open.row), expires_at);
        Ok(VisitorPass { token, expires_at })
    }

    /// A share of which this visitor may have this.
    async fn open_for(&self, secret: &str, thing: Playable, pass: Option<&str>) -> Result<Open, Error> {
        let open = self.open(secret).await?;
        if !self.is_let_in(&open.row, pass) {
            // Where nothing is left there is no password to ask for. What is meant makes no difference.
            self.look(&open).await?;
            return Err(Error::locked());
        }
        let _turn = self.turn().await?;
        let what = self.what(&open.row).await?;
        if !shown::holds(self.ctx(), &open.sharer, &what, thing).await? {
            return Err(Error::NotFound);
        }
        Ok(open)
    }

    /// Leave for a visitor to play a track: brief, for this media alone, and without the file as it came unless downloads
    /// are allowed.
    pub(crate) async fn grant(
        &self,
        secret: &str,
        track: TrackId,
        pass: Option<&str>,
        encoded: bool,
    ) -> Result<TrackGrant, Error> {
        let open = self.open_for(secret, Playable::Track(track), pass).await?;
        let (until, original) = (self.until(&open.row), open.row.downloads && !encoded);
        let granted = self.inner.direct.grant_until(&open.sharer, Playable::Track(track), until, original);
        granted.await?.ok_or(Error::NotFound)
    }

    /// The same for a video, for as long as that plays besides.
    pub(crate) async fn grant_video(
        &self,
        secret: &str,
        video: VideoId,
        pass: Option<&str>,
    ) -> Result<VideoGrant, Error> {
        let open = self.open_for(secret, Playable::Video(video), pass).await?;
        let media = media::for_video(self.ctx(), &open.sharer, video).await?.ok_or(Error::NotFound)?;
        let until = self.until_played(&open, media.file.duration_ms);
        let direct = &self.inner.direct;
        let granted = direct.grant_video_until(&open.sharer, video, until, open.row.downloads).await?;
        granted.ok_or(Error::NotFound)
    }

    /// Until when a video that is given to a visitor now can be watched: briefly and to its end, never beyond the link.
    pub(super) fn until_played(&self, open: &Open, duration_ms: u64) -> Time {
        let until = self.brief_end().plus(Duration::from_millis(duration_ms).min(FILM_MAX));
        open.row.expires.map_or(until, |end| end.min(until))
    }

    /// Counts that a visitor heard a track or watched a video, unless it was the owner.
    pub(crate) async fn note_play(
        &self,
        secret: &str,
        thing: Playable,
        visitor: &Visitor,
    ) -> Result<(), Error> {
        let open = self.open_for(secret, thing, visitor.pass.as_deref()).await?;
        if visitor.member.as_ref().is_some_and(|member| member.id == open.row.owner) {
            return Ok(());
        }
        let noted: Result<u64, Fault> =
            self.ctx().db().write(move |tx| store::note_play(tx, open.row.id)).await;
        noted?;
        Ok(())
    }

    /// The file of a track or a video as it came, where that is allowed.
    pub(crate) async fn file(
        &self,
        secret: &str,
        thing: Playable,
        pass: Option<&str>,
        asked: Asked<'_>,
    ) -> Result<Response, Error> {
        let open = self.open_for(secret, thing, pass).await?;
        if !open.row.downloads {
            return Err(Error::NotFound);
        }
        let name = match thing {
            Playable::Video(id) => catalog::service::bare_video(self.ctx(), &open.sharer, id).await?.title,
            Playable::Track(id) => {
                let found = catalog::service::track(self.ctx(), &open.sharer, id).await?.track;
                let name = format!("{} - {}", shown::artists_of(&found), found.title);
                found.number.map_or_else(|| name.clone(), |number| format!("{number:02} {name}"))
            }
        };
        let name: String = name.chars().take(FILE_NAME_CHARS_MAX).collect();
        let sent = self.inner.direct.file(&open.sharer, thing, Some(&name), asked);
        sent.await?.ok_or(Error::NotFound)
    }
}

/// Longest name, without its ending, that a file is saved under.
const FILE_NAME_CHARS_MAX: usize = 120;

/// What a pass is for: this share with this password.
fn pass_subject(row: &ShareRow) -> String {
    format!("{}:{}", row.id, row.password_number)
}
