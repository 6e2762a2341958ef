//! The workshop: what takes media in. Put together once, from the configuration, for routes and jobs alike.

use std::{sync::Arc, time::Duration};

use ingest::{
    encode::{self, EncodeConfig, Encoder},
    hear::{self, Hearing},
    media::{Engine, Launcher, Tools},
    pictures, scan,
    transcode::{TranscodeConfig, Transcoder},
    upload::{Floor, UploadConfig, Uploads},
};
use kernel::{Ctx, Fault, jobs::Runner, outbox::Projection};

use crate::{
    config::{Config, MusicEncode},
    house,
};

/// What takes media in.
pub(crate) struct Workshop {
    /// Takes files in by tus.
    pub(crate) uploads: Uploads,
    /// Makes sound into other forms while it is heard.
    transcoder: Transcoder,
    encoder: Encoder,
    hearing: Option<Hearing>,
    scan: scan::Settings,
    engine: Engine,
    podcasts: podcasts::Settings,
}

impl Workshop {
    /// Puts it together. Without ffmpeg there is none: the sentence says how to get it.
    pub(crate) fn new(ctx: &Ctx, config: &Config) -> Result<Self, String> {
        let tools = Tools::find().map_err(|error| error.to_string())?;
        let engine = Engine::new(tools, Launcher::this_program());
        let floor = floor(config);
        let podcasts =
            podcasts::Settings { engine: engine.clone(), staging: config.data.join("podcasts"), floor };
        let encode = EncodeConfig {
            floor,
            cache_bytes_max: config.encode_cache_bytes,
            ..EncodeConfig::new(config.data.join("scratch"))
        };
        let transcodes = TranscodeConfig { floor, ..TranscodeConfig::new(config.data.join("transcodes")) };
        let transcodes = match config.transcodes_at_once {
            None => transcodes,
            Some(at_once) => transcodes.at_once(at_once),
        };
        let minutes = config.scan_every_minutes;
        let every = (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60)));
        let encoder = Encoder::new(engine.clone(), encode);
        Ok(Self {
            uploads: uploads(ctx, config),
            transcoder: Transcoder::new(engine.clone(), transcodes),
            hearing: config.measure_sound.then(|| Hearing::new(encoder.clone())),
            encoder,
            scan: scan::Settings::new(engine.clone(), every),
            engine,
            podcasts,
        })
    }

    /// What routes need of it.
    pub(crate) fn doors(&self) -> (&Uploads, &Transcoder) {
        (&self.uploads, &self.transcoder)
    }

    /// Clears away what an earlier life left lying about, then starts the jobs of this process's roles. What was
    /// uploaded is looked at by the process that received it, since it lies in that one's folder.
    pub(crate) async fn start(&self, ctx: &Ctx, config: &Config) -> Result<(), Fault> {
        let mut runner = Runner::new(house::worker_name(config));
        if config.web {
            self.uploads.sweep_at_start().await?;
            self.transcoder.sweep_at_start().await?;
            runner = runner.handlers(self.uploads.handlers(self.engine.clone()));
        }
        if config.worker {
            self.encoder.sweep_at_start().await?;
            let scan = scan::scan_handler(self.scan.clone());
            runner = runner.handler(scan).handlers(self.encoder.handlers());
            runner = runner.handlers(podcasts::handlers(&self.podcasts));
            ctx.spawn(podcasts::watch(ctx.clone()));
            runner = runner.handlers(pictures::handlers(&[podcasts::names_picture]));
            ctx.spawn(pictures::watch(ctx.clone()));
            runner = runner.handlers(scrobble::handlers(&config.scrobble));
            ctx.spawn(scrobble::watch(ctx.clone()));
            ctx.spawn(scan::watch(ctx.clone()));
            ctx.spawn(encode::watch_cache(ctx.clone(), self.encoder.clone()));
            if config.music_encode == MusicEncode::Ahead {
                ctx.spawn(encode::watch_ahead(ctx.clone(), self.encoder.clone()));
            }
            if let Some(hearing) = &self.hearing {
                runner = runner.handlers(hear::handlers(hearing));
                ctx.spawn(hear::watch(ctx.clone()));
            }
        }
        runner.start(ctx).await
    }
}

/// What stays free on the disk.
fn floor(config: &Config) -> Floor {
    config.disk_free_bytes_min.map_or(Floor::Usual, Floor::Bytes)
}

fn uploads(ctx: &Ctx, config: &Config) -> Uploads {
    let uploads = UploadConfig {
        bytes_max: config.upload_bytes_max,
        floor: floor(config),
        ..UploadConfig::new(config.data.join("uploads"))
    };
    Uploads::new(ctx.clone(), uploads)
}

/// All that follows events: what `odeon serve` keeps up and `odeon rebuild` derives again. A list for each of the two would
/// leave out in one what was added to the other.
pub(crate) fn projections(ctx: &Ctx, config: &Config) -> Vec<Arc<dyn Projection>> {
    let all = catalog::projections().into_iter().chain(uploads(ctx, config).projections());
    let all = all.chain(podcasts::projections(ctx)).chain(sharing::projections());
    all.chain(scrobble::projections()).chain(messaging::projections()).collect()
}
