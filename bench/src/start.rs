//! The start of the program on a house that is lived in, and its memory when nothing happens.

use std::{thread, time::Duration};

use crate::{
    Anything, Setting, client,
    figure::{self, median},
    house::{House, Server},
    machine,
};

/// When a program that has just started counts as idle.
const IDLE_AFTER: Duration = Duration::from_secs(5);

/// Prints `cold_start_ms` and the idle memory of a house with music in it.
pub(crate) fn measure(setting: &Setting, house: &House) -> Result<(), Anything> {
    let mut starts = Vec::new();
    for _ in 0..if setting.quick { 5 } else { 10 } {
        let (server, took) = house.serve()?;
        drop(server);
        starts.push(took.as_secs_f64() * 1e3);
    }
    eprintln!("load {}: starts {starts:.0?} ms", machine::load());
    let peer = "from spawn to 200 of /readyz, median, on the scanned house";
    figure::print_alone("cold_start_ms", median(&starts), "ms", peer);
    let (server, _) = house.serve()?;
    thread::sleep(IDLE_AFTER);
    let idle = machine::resident_mb(server.id())?;
    figure::print_alone("idle_memory_mb", idle, "MB", "VmRSS 5 s after the start, on the scanned house");
    look_at_a_page(&server)?;
    let looked_at = machine::resident_mb(server.id())?;
    figure::print_alone(
        "idle_memory_after_page_mb",
        looked_at,
        "MB",
        "VmRSS after a page with 60 albums and pictures",
    );
    Ok(())
}

/// What a browser asks for that opens the page and its list of albums, with the pictures there.
fn look_at_a_page(server: &Server) -> Result<(), Anything> {
    let page = client::ask(server.port, "GET", "/", "")?;
    let html = String::from_utf8_lossy(&page.body).into_owned();
    let assets = html.split('"').filter(|word| word.starts_with("/assets/"));
    for asset in assets {
        client::ask(server.port, "GET", asset, "")?;
    }
    server.api("GET", "/session", "")?;
    server.api("GET", "/home", "")?;
    let albums = server.api("GET", "/albums", "")?;
    for album in albums["items"].as_array().ok_or("albums are a list")? {
        let url =
            album["picture"]["url"].as_str().ok_or("a made album has a picture")?.replace("{size}", "192");
        let picture = client::ask(server.port, "GET", &url, "")?;
        if picture.status != 200 {
            return Err(format!("a picture was answered with {}", picture.status).into());
        }
    }
    Ok(())
}
