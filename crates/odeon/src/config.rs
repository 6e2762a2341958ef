//! The configuration: flags first, then `ODEON_…` variables, then `odeon.toml`, then what suits most.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use clap::Args;
use kernel::{db::Location, fetch::Policy};
use serde::Deserialize;

/// Where the program listens unless told.
const LISTEN_DEFAULT: &str = "127.0.0.1:8420";
/// Where it keeps its data unless told.
const DATA_DEFAULT: &str = "data";

/// How much of the music that was encoded is kept unless told.
const ENCODE_CACHE_BYTES_DEFAULT: u64 = 20 << 30;

/// What the program does in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Answers requests.
    Web,
    /// Scans, encodes and does the other jobs.
    Worker,
}

/// When music is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum MusicEncode {
    /// When it is first asked for in a form that its file does not have.
    FirstPlay,
    /// All of it, after it was found.
    Ahead,
}

/// Settings as they are given; each may be absent.
#[derive(Clone, Debug, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Folder for everything that Odeon keeps [default: data]
    #[arg(long, env = "ODEON_DATA", global = true)]
    data: Option<PathBuf>,
    /// Database: a postgres://… URL; without it an SQLite file in the data folder
    #[arg(long, env = "ODEON_DATABASE", global = true, hide_env_values = true)]
    database: Option<String>,
    /// Object store: `s3://BUCKET` (keys from `AWS_…`) or `http(s)://KEY:SECRET@HOST:PORT/BUCKET`; without it a folder
    /// in the data folder
    #[arg(long, env = "ODEON_OBJECTS", global = true, hide_env_values = true)]
    objects: Option<String>,
    /// Address and port to listen on [default: 127.0.0.1:8420]
    #[arg(long, env = "ODEON_LISTEN", global = true)]
    listen: Option<SocketAddr>,
    /// A folder of music or films to take in; may be given several times
    #[arg(long, env = "ODEON_LIBRARY", global = true, value_delimiter = ':')]
    library: Option<Vec<PathBuf>>,
    /// What this process does; a flag of `serve` alone, since accounts have roles too
    #[arg(skip)]
    pub(crate) role: Option<Vec<Role>>,
    /// The address that people type, such as <https://music.example.org>, when a proxy stands in front
    #[arg(long, env = "ODEON_PUBLIC_URL", global = true)]
    public_url: Option<String>,
    /// Believe `X-Forwarded-For` and `X-Forwarded-Proto`; only when a proxy that sets them stands in front
    #[arg(long, env = "ODEON_TRUST_PROXY", global = true, num_args = 0..=1, default_missing_value = "true")]
    trust_proxy: Option<bool>,
    /// Largest file that can be uploaded, in bytes [default: 53687091200, which is 50 GiB]
    #[arg(long, env = "ODEON_UPLOAD_BYTES_MAX", global = true)]
    upload_bytes_max: Option<u64>,
    /// Bytes of disk that encoding and uploads leave free [default: 1 GiB, or 2 % of a small disk]
    #[arg(long, env = "ODEON_DISK_FREE_BYTES_MIN", global = true)]
    disk_free_bytes_min: Option<u64>,
    /// Memory for often asked segments, in bytes [default: 67108864, which is 64 MiB]
    #[arg(long, env = "ODEON_CACHE_BYTES", global = true)]
    cache_bytes: Option<usize>,
    /// Minutes between two looks at the libraries; 0 looks only when asked [default: 60]
    #[arg(long, env = "ODEON_SCAN_EVERY_MINUTES", global = true)]
    scan_every_minutes: Option<u64>,
    /// Measure the sound of music while there is nothing better to do: loudness, waveform, likeness [default: true]
    #[arg(long, env = "ODEON_MEASURE_SOUND", global = true, num_args = 0..=1, default_missing_value = "true")]
    measure_sound: Option<bool>,
    /// When music is encoded: `first-play`, when it is first asked for in a form that its file does not have, or `ahead`,
    /// all of it after it was found, while there is room in the cache [default: first-play]
    #[arg(long, env = "ODEON_MUSIC_ENCODE", global = true)]
    music_encode: Option<MusicEncode>,
    /// How much of the music that was encoded is kept, in bytes; what was not asked for the longest goes first, and
    /// what may be playing stays. 0 keeps all [default: 21474836480, which is 20 GiB]
    #[arg(long, env = "ODEON_ENCODE_CACHE_BYTES", global = true)]
    encode_cache_bytes: Option<u64>,
    /// Streams that are made for music apps at once, each by an ffmpeg of its own; 0 makes none [default: 4 for each core,
    /// and at least 8]
    #[arg(long, env = "ODEON_TRANSCODES_AT_ONCE", global = true)]
    transcodes_at_once: Option<usize>,
    /// A network of one's own that listeners' feeds and links may lead to, such as 10.0.0.0/8; may be given several
    /// times. Without it only public servers on the usual ports are asked
    #[arg(long, env = "ODEON_FETCH_ALLOW", global = true, value_delimiter = ',')]
    fetch_allow: Option<Vec<String>>,
    /// The key of this house's API account at Last.fm, with which its listeners can scrobble there
    #[arg(long, env = "ODEON_LASTFM_KEY", global = true)]
    lastfm_key: Option<String>,
    /// The shared secret that belongs to the key
    #[arg(long, env = "ODEON_LASTFM_SECRET", global = true, hide_env_values = true)]
    lastfm_secret: Option<String>,
    /// Another server that speaks like Last.fm, such as <https://libre.fm/2.0/> [default: Last.fm]
    #[arg(long, env = "ODEON_LASTFM_SERVER", global = true)]
    lastfm_server: Option<String>,
}

/// The configuration as it holds.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that the operator sets")]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) database: Location,
    pub(crate) objects: Option<String>,
    pub(crate) listen: SocketAddr,
    pub(crate) libraries: Vec<PathBuf>,
    pub(crate) web: bool,
    pub(crate) worker: bool,
    pub(crate) public_url: Option<String>,
    pub(crate) trust_proxy: bool,
    pub(crate) upload_bytes_max: u64,
    pub(crate) disk_free_bytes_min: Option<u64>,
    pub(crate) cache_bytes: usize,
    pub(crate) scan_every_minutes: u64,
    pub(crate) measure_sound: bool,
    pub(crate) music_encode: MusicEncode,
    /// `None` keeps all.
    pub(crate) encode_cache_bytes: Option<u64>,
    /// `None` goes by the machine.
    pub(crate) transcodes_at_once: Option<usize>,
    pub(crate) fetch: Policy,
    pub(crate) scrobble: scrobble::Config,
}

impl Config {
    /// Puts the settings together; the reason in a sentence when they can't be.
    pub(crate) fn new(given: Settings, file: Option<&Path>) -> Result<Self, String> {
        let file = read_file(file)?;
        let data = given.data.or(file.data).unwrap_or_else(|| DATA_DEFAULT.into());
        let data = std::path::absolute(&data)
            .map_err(|error| format!("the data folder {}: {error}", data.display()))?;
        let database = match given.database.or(file.database) {
            None => Location::Sqlite(data.join("odeon.db")),
            Some(url) if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Location::Postgres(url)
            }
            Some(_) => {
                return Err("--database takes a URL that begins with postgres://; leave it away for SQLite"
                    .to_owned());
            }
        };
        let listen = given.listen.or(file.listen);
        let roles = given.role.or(file.role).unwrap_or_else(|| vec![Role::Web, Role::Worker]);
        Ok(Self {
            database,
            objects: given.objects.or(file.objects),
            listen: listen.map_or_else(|| LISTEN_DEFAULT.parse().map_err(|error| format!("{error}")), Ok)?,
            libraries: given.library.or(file.library).unwrap_or_default(),
            web: roles.contains(&Role::Web),
            worker: roles.contains(&Role::Worker),
            public_url: given.public_url.or(file.public_url),
            trust_proxy: given.trust_proxy.or(file.trust_proxy).unwrap_or(false),
            upload_bytes_max: given.upload_bytes_max.or(file.upload_bytes_max).unwrap_or(50 << 30),
            disk_free_bytes_min: given.disk_free_bytes_min.or(file.disk_free_bytes_min),
            cache_bytes: given.cache_bytes.or(file.cache_bytes).unwrap_or(64 << 20),
            scan_every_minutes: given.scan_every_minutes.or(file.scan_every_minutes).unwrap_or(60),
            scrobble: scrobble(
                given.lastfm_key.or(file.lastfm_key),
                given.lastfm_secret.or(file.lastfm_secret),
                given.lastfm_server.or(file.lastfm_server).as_deref(),
            )?,
            fetch: fetch_policy(&given.fetch_allow.or(file.fetch_allow).unwrap_or_default())?,
            measure_sound: given.measure_sound.or(file.measure_sound).unwrap_or(true),
            music_encode: given.music_encode.or(file.music_encode).unwrap_or(MusicEncode::FirstPlay),
            encode_cache_bytes: Some(
                given.encode_cache_bytes.or(file.encode_cache_bytes).unwrap_or(ENCODE_CACHE_BYTES_DEFAULT),
            )
            .filter(|bytes| *bytes > 0),
            transcodes_at_once: given.transcodes_at_once.or(file.transcodes_at_once),
            data,
        })
    }
}

/// With which services listeners can connect.
fn scrobble(
    key: Option<String>,
    secret: Option<String>,
    server: Option<&str>,
) -> Result<scrobble::Config, String> {
    let filled = |text: &String| !text.is_empty();
    match (key.filter(filled), secret.filter(filled)) {
        (Some(key), Some(secret)) => {
            let lastfm = scrobble::Lastfm::new(key, secret, server.filter(|server| !server.is_empty()));
            Ok(scrobble::Config { lastfm: Some(lastfm.map_err(|error| format!("lastfm_server: {error}"))?) })
        }
        (None, None) => Ok(scrobble::Config::default()),
        _ => Err("lastfm_key and lastfm_secret belong together: set both, or neither".to_owned()),
    }
}

/// Which other servers may be asked on behalf of listeners.
fn fetch_policy(allow: &[String]) -> Result<Policy, String> {
    allow.iter().try_fold(Policy::default(), |policy, network| Ok(policy.allowing(network.parse()?)))
}

/// Reads `odeon.toml`. A file that was named must be there; the usual one may be absent.
fn read_file(named: Option<&Path>) -> Result<Settings, String> {
    let path = named.unwrap_or(Path::new("odeon.toml"));
    match std::fs::read_to_string(path) {
        Ok(text) => {
            toml::from_str(&text).map_err(|error| format!("{} can't be taken: {error}", path.display()))
        }
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            Ok(Settings::default())
        }
        Err(error) => Err(format!("{} can't be read: {error}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_file(text: &str) -> Result<Config, String> {
        let file = std::env::temp_dir().join(format!("odeon-{}-{}.toml", std::process::id(), text.len()));
        std::fs::write(&file, text).expect("written");
        let config = Config::new(Settings::default(), Some(&file));
        std::fs::remove_file(file).expect("removed");
        config
    }

    #[test]
    fn a_flag_outweighs_the_file_and_the_file_the_default() {
        let config = from_file("listen = \"127.0.0.1:1\"\ncache_bytes = 7").expect("is taken");
        assert_eq!((config.listen.port(), config.cache_bytes, config.scan_every_minutes), (1, 7, 60));
        assert!(config.web && config.worker);
    }

    #[test]
    fn what_is_kept_of_encoded_music_has_a_limit_unless_that_is_taken_away() {
        let usual = from_file("").expect("is taken");
        assert_eq!((usual.music_encode, usual.encode_cache_bytes), (MusicEncode::FirstPlay, Some(20 << 30)));
        let given = from_file("music_encode = \"ahead\"\nencode_cache_bytes = 0").expect("is taken");
        assert_eq!((given.music_encode, given.encode_cache_bytes), (MusicEncode::Ahead, None));
        assert!(from_file("music_encode = \"never\"").is_err());
    }

    #[test]
    fn a_misspelt_setting_is_refused_by_name() {
        assert!(from_file("lissten = 1").err().expect("is refused").contains("lissten"));
    }

    #[test]
    fn only_networks_that_are_named_are_asked_beside_the_public_internet() {
        let config = from_file("fetch_allow = [\"10.0.0.0/8\"]").expect("is taken");
        let permits = |address: &str| config.fetch.permits(address.parse().expect("an address"));
        assert!(permits("10.1.2.3:9000") && permits("8.8.8.8:443"));
        assert!(!permits("192.168.0.1:80") && !permits("8.8.8.8:25"));
        let wrong = from_file("fetch_allow = [\"10.0.0.0/33\"]").err().expect("is refused");
        assert!(wrong.contains("10.0.0.0/33"));
    }

    #[test]
    fn a_key_of_lastfm_is_taken_with_its_secret_only() {
        let both = from_file("lastfm_key = \"k\"\nlastfm_secret = \"s\"").expect("is taken");
        assert_eq!(both.scrobble.lastfm.expect("it is there").key, "k");
        assert!(from_file("lastfm_key = \"k\"").err().expect("is refused").contains("lastfm_secret"));
        assert!(from_file("lastfm_server = \"x\"").expect("is taken").scrobble.lastfm.is_none());
    }

    #[test]
    fn a_database_that_is_no_postgresql_url_is_refused() {
        assert!(from_file("database = \"mysql://x\"").err().expect("is refused").contains("postgres://"));
    }

    #[test]
    fn the_example_names_every_setting_and_only_those() {
        let example = include_str!("../../../odeon.example.toml");
        let settings =
            example.lines().filter_map(|line| line.strip_prefix("# ")).filter(|line| line.contains(" = "));
        let text = settings.collect::<Vec<_>>().join("\n");
        toml::from_str::<Settings>(&text).expect("the example can be taken");
        assert_eq!(text.lines().count(), 20);
    }
}
