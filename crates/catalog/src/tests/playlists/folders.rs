//! A listener's own folders.

use super::*;

const FOLDERS: &str = "/me/playlist-folders";

async fn folder(ctx: &Ctx, who: &Viewer, name: &str, parent: Value) -> String {
    let made = good(ctx, who, "POST", FOLDERS, json!({ "name": name, "parent": parent })).await;
    made["id"].as_str().expect("an id").to_owned()
}

on_both_engines! {
    async fn folders_are_one_s_own_and_a_playlist_lies_where_its_listener_put_it(world: World) {
        let ctx = &world.ctx;
        let list = made(ctx, &ann(), "L", &[]).await;
        good(ctx, &ann(), "PATCH", &list, json!({ "public": true })).await;
        let (hers, his) = (folder(ctx, &ann(), "Hers", Value::Null).await, folder(ctx, &bob(), "His", Value::Null).await);
        let put = format!("{list}/folder");
        good(ctx, &ann(), "PUT", &put, json!({ "folder": hers })).await;
        good(ctx, &bob(), "PUT", &put, json!({ "folder": his })).await;
        assert_eq!(refused(ctx, &bob(), "PUT", &put, json!({ "folder": hers })).await, (422, "invalid".to_owned()));
        for (who, folder) in [(ann(), &hers), (bob(), &his)] {
            assert_eq!(good(ctx, &who, "GET", &list, Value::Null).await["folder"], json!(folder));
            assert_eq!(each(&good(ctx, &who, "GET", FOLDERS, Value::Null).await, "id"), [folder.as_str()]);
        }
        let of_hers = format!("{FOLDERS}/{hers}");
        assert_eq!(refused(ctx, &bob(), "PATCH", &of_hers, json!({ "name": "x" })).await.0, 404);
        assert_eq!(refused(ctx, &bob(), "DELETE", &of_hers, Value::Null).await.0, 404);
        assert_eq!(refused(ctx, &bob(), "POST", FOLDERS, json!({ "name": "x", "parent": hers })).await.0, 422);
        good(ctx, &ann(), "PUT", &put, json!({ "folder": null })).await;
        assert_eq!(good(ctx, &ann(), "GET", &list, Value::Null).await["folder"], Value::Null);
        assert_eq!(good(ctx, &bob(), "GET", &list, Value::Null).await["folder"], json!(his));
    }

    async fn a_folder_goes_with_the_folders_in_it_and_playlists_stay(world: World) {
        let ctx = &world.ctx;
        let top = folder(ctx, &ann(), "Top", Value::Null).await;
        let inner = folder(ctx, &ann(), "Inner", json!(top)).await;
        let other = folder(ctx, &ann(), "Other", Value::Null).await;
        let list = made(ctx, &ann(), "L", &[]).await;
        good(ctx, &ann(), "PUT", &format!("{list}/folder"), json!({ "folder": inner })).await;
        let renamed = good(ctx, &ann(), "PATCH", &format!("{FOLDERS}/{inner}"), json!({ "name": "In" })).await;
        assert_eq!((&renamed["name"], &renamed["parent"]), (&"In".into(), &json!(top)));
        good(ctx, &ann(), "DELETE", &format!("{FOLDERS}/{top}"), Value::Null).await;
        assert_eq!(each(&good(ctx, &ann(), "GET", FOLDERS, Value::Null).await, "id"), [other.as_str()]);
        assert_eq!(good(ctx, &ann(), "GET", &list, Value::Null).await["folder"], Value::Null);
    }

    async fn folders_lie_only_so_deep_and_never_in_themselves(world: World) {
        let ctx = &world.ctx;
        let mut chain = vec![folder(ctx, &ann(), "0", Value::Null).await];
        for depth in 1..service::FOLDER_DEPTH_MAX {
            chain.push(folder(ctx, &ann(), &depth.to_string(), json!(chain[depth - 1])).await);
        }
        let deepest = json!(chain[service::FOLDER_DEPTH_MAX - 1]);
        assert_eq!(refused(ctx, &ann(), "POST", FOLDERS, json!({ "name": "x", "parent": deepest })).await.0, 422);
        for at in [0, 2] {
            let into = json!({ "parent": chain[at + 2] });
            assert_eq!(refused(ctx, &ann(), "PATCH", &format!("{FOLDERS}/{}", chain[at]), into).await.0, 422);
        }
        let side = folder(ctx, &ann(), "side", Value::Null).await;
        let into = json!({ "parent": side });
        assert_eq!(refused(ctx, &ann(), "PATCH", &format!("{FOLDERS}/{}", chain[0]), into.clone()).await.0, 422);
        good(ctx, &ann(), "PATCH", &format!("{FOLDERS}/{}", chain[1]), into).await;
        good(ctx, &ann(), "PATCH", &format!("{FOLDERS}/{}", chain[1]), json!({ "parent": null })).await;
    }

    async fn an_account_has_so_many_folders_and_no_more(world: World) {
        let ctx = &world.ctx;
        let ids = ctx.ids().clone();
        change(ctx, move |tx, _| {
            for _ in 0..service::FOLDERS_MAX {
                let id = crate::model::playlists::FolderId(ids.next());
                let folder = crate::model::playlists::Folder { id, name: "x".to_owned(), parent: None };
                crate::store::playlists::folders::insert(tx, UserId(ANN), &folder, b"x")?;
            }
            Ok(())
        }).await;
        assert_eq!(refused(ctx, &ann(), "POST", FOLDERS, json!({ "name": "x" })).await, (409, "full".to_owned()));
        folder(ctx, &bob(), "His", Value::Null).await;
    }
}
