//! What happens at the limits.

use super::*;
use crate::{
    ShareId,
    model::{SharedKind, What},
    service::{DESCRIPTION_CHARS_MAX, LIFETIME_MAX, SHARES_MAX, TRACKS_MAX},
    store::{self, ShareRow},
};

on_both_engines! {
    async fn what_can_not_be_taken_is_refused_with_its_field(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let (album, tracks) = house.album("First", None, 1).await;
        let now = world.ctx.now();
        for (body, field) in [
            (json!({}), "tracks"),
            (json!({ "album": album, "tracks": tracks }), "tracks"),
            (json!({ "tracks": vec![tracks[0]; TRACKS_MAX + 1] }), "tracks"),
            (json!({ "album": album, "description": "x".repeat(DESCRIPTION_CHARS_MAX + 1) }), "description"),
            (json!({ "album": album, "expires_at": now }), "expires_at"),
            (json!({ "album": album, "expires_at": now.plus(LIFETIME_MAX + minutes(1)) }), "expires_at"),
            (json!({ "album": album, "password": "short" }), "password"),
            (json!({ "album": album, "password": "x".repeat(1025) }), "password"),
        ] {
            let answer = house.ask(&ann, Method::POST, "/api/v1/shares", Some(&body)).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{field}");
            assert_eq!(answer.json()["errors"][0]["field"], field);
        }
        let most = json!({ "tracks": vec![tracks[0]; TRACKS_MAX], "expires_at": now.plus(LIFETIME_MAX) });
        let share = house.share(&ann, most).await;
        assert_eq!(titles(&house, &share).await.len(), TRACKS_MAX);
    }

    async fn an_account_has_so_many_links_and_no_more(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Listener).await);
        let (album, _) = house.album("First", None, 1).await;
        let (owner, ids, now) = (ann.id, world.ctx.ids().clone(), world.ctx.now());
        let filled: Result<(), Fault> = world.ctx.db().write(move |tx| {
            for number in 1..SHARES_MAX {
                let row = ShareRow {
                    id: ShareId(ids.next()),
                    owner,
                    kind: SharedKind::Album,
                    item: album.0,
                    title: "First".to_owned(),
                    description: String::new(),
                    password: None,
                    password_number: 1,
                    downloads: false,
                    created: now,
                    expires: None,
                    visits: 0,
                    plays: 0,
                    visited: None,
                };
                let mut hash = [0; 32];
                hash[..8].copy_from_slice(&number.to_le_bytes());
                store::insert(tx, &row, &What::Album(album), hash)?;
            }
            Ok(())
        }).await;
        filled.expect("they are entered");
        let last = house.share(&ann, json!({ "album": album })).await;
        let full = house.ask(&ann, Method::POST, "/api/v1/shares", Some(&json!({ "album": album }))).await;
        assert_eq!((full.status, &full.json()["code"]), (StatusCode::CONFLICT, &json!("full")));
        house.share(&bob, json!({ "album": album })).await;
        assert_eq!(house.revoke(&ann, &last).await, StatusCode::NO_CONTENT);
        house.share(&ann, json!({ "album": album })).await;
    }
}
