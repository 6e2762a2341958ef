//! What lists of playlists say of smart ones.

use super::*;
use crate::{
    LibraryId,
    access::{self, Access},
    model::playlists::PlaylistScope,
};

async fn told(ctx: &Ctx, who: &Viewer) -> Vec<(String, u64, u64)> {
    let page =
        service::list(ctx, who, PlaylistScope::All, &kernel::PageQuery::default()).await.expect("a list");
    let figures = service::figures(ctx, who, &page.items).await.expect("figures");
    let each = page.items.into_iter().map(|one| {
        let found = figures[&one.id];
        (one.name, found.track_count, found.duration_ms)
    });
    each.collect()
}

fn figures(name: &str, tracks: u64) -> (String, u64, u64) {
    (name.to_owned(), tracks, tracks * 60_000)
}

async fn smart(ctx: &Ctx, name: &str, rules: Value) -> String {
    let made = good(ctx, &ann(), "POST", "/playlists", json!({ "name": name, "rules": rules })).await;
    format!("/playlists/{}", made["id"].as_str().expect("an id"))
}

fn rules(op: &str, title: &str) -> Value {
    json!({ "match": "all", "rules": [{ "field": "title", "op": op, "value": title }] })
}

on_both_engines! {
    async fn figures_of_many_are_right_and_hold_for_a_while(world: World) {
        let ctx = &world.ctx;
        let tracks = some_tracks(ctx, 9).await;
        made(ctx, &ann(), "All by hand", &tracks[..2]).await;
        let few = smart(ctx, "B few", rules("is", "T03")).await;
        smart(ctx, "C all", rules("begins", "T")).await;
        let limited = json!({ "match": "all", "rules": [], "sort": [{ "field": "title" }], "limit": { "minutes": 4 } });
        smart(ctx, "D limited", limited).await;
        let loved = json!({ "match": "all", "rules": [{ "field": "favourite", "op": "is", "value": true }] });
        smart(ctx, "E loved", loved).await;
        for number in 0..9 {
            smart(ctx, &format!("F {number}"), rules("is", &format!("T{number:02}"))).await;
        }
        let mut expected = vec![figures("All by hand", 2), figures("B few", 1), figures("C all", 9),
            figures("D limited", 4), figures("E loved", 0)];
        expected.extend((0..9).map(|number| figures(&format!("F {number}"), 1)));
        assert_eq!(told(ctx, &ann()).await, expected);
        // What comes in is in the figures after a while, and in the playlist at once.
        take_in_one(ctx, song("/m/new/1.flac", tags("T99", "Low", "Hey"))).await;
        assert_eq!(told(ctx, &ann()).await, expected, "nothing is looked through again");
        world.clock.advance(std::time::Duration::from_mins(5));
        assert_eq!(told(ctx, &ann()).await[2], figures("C all", 10));
        // Other rules count at once.
        world.clock.advance(std::time::Duration::from_secs(1));
        good(ctx, &ann(), "PATCH", &few, json!({ "rules": rules("begins", "T0") })).await;
        assert_eq!(told(ctx, &ann()).await[1], figures("B few", 9));
    }

    async fn a_right_that_is_withdrawn_shows_in_the_figures_at_once(world: World) {
        let ctx = &world.ctx;
        some_tracks(ctx, 3).await;
        smart(ctx, "All", rules("begins", "T")).await;
        assert_eq!(told(ctx, &ann()).await, [figures("All", 3)]);
        let closed = Access { everybody: false, members: Vec::new() };
        let withdrawn = ctx.db().write(move |tx| access::set(tx, LibraryId(1), &closed)).await;
        assert!(withdrawn.is_ok());
        assert_eq!(told(ctx, &ann()).await, [figures("All", 0)]);
    }
}
