//! `odeon serve`: opens the house, starts what its roles ask for, and closes it again without losing anything.

use kernel::{Ctx, outbox};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    config::Config,
    connection, house, router,
    workshop::{Workshop, projections},
};

/// Runs until the program is asked to stop.
pub(crate) async fn serve(config: Config) -> Result<(), String> {
    house::make_data_folder(&config.data)?;
    let lock = house::lock_data_folder(&config.data)?;
    let ctx = house::open(&config, true).await.map_err(|fault| fault.to_string())?;
    let started = start(&ctx, &config).await;
    if started.is_ok() {
        asked_to_stop().await;
        tracing::info!("stopping: finishing or handing back what is held");
    }
    ctx.shut_down().await;
    drop(lock);
    started
}

async fn start(ctx: &Ctx, config: &Config) -> Result<(), String> {
    let told = |fault: kernel::Fault| fault.to_string();
    // Bound first: a port that is taken should be said before anything else is done.
    let listener = if config.web { Some(listen(config).await?) } else { None };
    let workshop = Workshop::new(ctx, config)?;
    outbox::start(ctx, projections(ctx, config));
    accounts::start(ctx);
    messaging::start(ctx);
    catalog::search::start(ctx, config.web);
    workshop.start(ctx, config).await.map_err(told)?;
    for path in &config.libraries {
        let added = ingest::library::ensure_library(ctx, &config.data, path).await;
        added.map_err(|error| format!("--library {}: {error}", path.display()))?;
    }
    if let Some(listener) = listener {
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        let (router, _) = router::routes(ctx, config, workshop.doors());
        let inner = ctx.clone();
        ctx.spawn(scrobble::follow_players(ctx.clone()));
        ctx.spawn(async move { connection::serve(&inner, listener, router).await });
        greet(ctx, config, &address.to_string()).await.map_err(told)?;
    }
    Ok(())
}

async fn listen(config: &Config) -> Result<TcpListener, String> {
    TcpListener::bind(config.listen).await.map_err(|error| {
        format!("{} can't be listened on: {error}; name another address with --listen", config.listen)
    })
}

/// Says where the house is to be found and, while it has no owner, how to move in.
async fn greet(ctx: &Ctx, config: &Config, address: &str) -> Result<(), kernel::Fault> {
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    println!("Odeon {} is at {url}", env!("CARGO_PKG_VERSION"));
    if let Some(token) = accounts::setup_link_token(ctx).await? {
        println!("Make the first account here (the link works once): {url}/setup#token={token}");
    }
    Ok(())
}

/// Waits for Ctrl-C or a polite kill.
async fn asked_to_stop() {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        tracing::error!(
            "signals can't be heard; stop the program by killing it, nothing acknowledged is lost"
        );
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
