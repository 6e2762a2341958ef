use kernel::{on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn everybody_sees_the_own_account_and_administrators_all(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Creator).await, house.member("root", Role::Admin).await);
        let user = house.good(&ann, "getUser", "username=Ann", "user").await;
        assert_eq!((&user["username"], &user["adminRole"], &user["uploadRole"]), (&json!("ann"), &json!(false), &json!(true)));
        assert_eq!(user["folder"], json!([1]));
        for name in ["root", "nobody", "no%00body"] {
            assert_eq!(house.refused(&ann, "getUser", &format!("username={name}")).await, 50, "{name}");
        }
        assert_eq!(house.refused(&ann, "getUser", "").await, 10);
        assert_eq!(house.refused(&ann, "getUsers", "").await, 50);
        assert_eq!(house.good(&root, "getUser", "username=ann", "user").await["username"], "ann");
        assert_eq!(house.refused(&root, "getUser", "username=nobody").await, 70);
        let users = house.good(&root, "getUsers", "", "users").await;
        assert_eq!(each(&users["user"], "username"), ["ann", "root"]);
    }

    async fn an_administrator_makes_accounts_with_an_api_key_only(world: World) {
        let house = House::new(&world.ctx);
        let root = house.member("root", Role::Admin).await;
        let ann = house.member("ann", Role::Listener).await;
        let new = "username=bob&password=enc:72617468657220676f6f64206f6e65&email=b@example.org&adminRole=false&uploadRole=true";
        assert_eq!(house.refused(&ann, "createUser", new).await, 50);
        let app_password = house.app_password(&root).await;
        assert_eq!(house.refused(&app_password, "createUser", new).await, 50, "an app password runs no house");
        assert_eq!(house.call(&root, "createUser", new).await["status"], "ok");
        let bob = house.good(&root, "getUser", "username=bob", "user").await;
        assert_eq!((&bob["uploadRole"], &bob["adminRole"]), (&json!(true), &json!(false)));
        let sign_in = json!({ "handle": "bob", "password": "rather good one" }).to_string();
        let request = Request::post("/api/v1/session").header("content-type", "application/json").body(Body::from(sign_in));
        assert_eq!(house.send(request.expect("a request")).await.status, StatusCode::OK);
        for bad in ["username=bob&password=rather+good+one", "username=x&password=short", "username=a/b&password=rather+good+one", "username=carl&password=rather+good+one&streamRole=false"] {
            assert_eq!(house.refused(&root, "createUser", bad).await, 0, "{bad}");
        }
        assert_eq!(house.refused(&root, "createUser", "username=carl").await, 10);
        assert_eq!(house.refused(&root, "getUser", "username=carl").await, 70, "nothing is half-done");
    }

    async fn what_can_not_be_changed_here_is_refused(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Listener).await, house.member("root", Role::Admin).await);
        for method in ["updateUser", "deleteUser"] {
            assert_eq!(house.refused(&ann, method, "username=ann").await, 50);
            assert_eq!(house.refused(&root, method, "username=nobody").await, 70);
        }
        // A password, the last administrator, and one's own account.
        let password = "username=ann&password=another+good+one&adminRole=true";
        assert_eq!(house.refused(&root, "updateUser", password).await, 50);
        assert_eq!(house.refused(&root, "updateUser", "username=root&adminRole=false").await, 0);
        assert_eq!(house.refused(&root, "deleteUser", "username=root").await, 0);
        assert_eq!(house.good(&root, "getUser", "username=ann", "user").await["adminRole"], false);
        for key in [&ann, &root] {
            assert_eq!(house.refused(key, "changePassword", "username=ann&password=another+good+one").await, 50);
        }
    }

    async fn an_administrator_changes_roles_and_removes_accounts(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Listener).await, house.member("root", Role::Admin).await);
        let app_password = house.app_password(&root).await;
        for method in ["updateUser", "deleteUser"] {
            assert_eq!(house.refused(&app_password, method, "username=ann&uploadRole=true").await, 50);
        }
        for (flags, upload, admin) in [
            ("uploadRole=true", true, false),
            ("", true, false),
            ("adminRole=true", true, true),
            ("adminRole=false&uploadRole=true", true, false),
            ("uploadRole=false", false, false),
        ] {
            assert_eq!(house.call(&root, "updateUser", &format!("username=ann&{flags}")).await["status"], "ok");
            let user = house.good(&root, "getUser", "username=ann", "user").await;
            assert_eq!((&user["uploadRole"], &user["adminRole"]), (&json!(upload), &json!(admin)), "{flags}");
        }
        assert_eq!(house.call(&root, "deleteUser", "username=ann").await["status"], "ok");
        assert_eq!(house.refused(&ann, "ping", "").await, 44);
    }

    async fn the_scan_is_seen_by_all_and_started_by_administrators(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Listener).await, house.member("root", Role::Admin).await);
        assert_eq!(house.good(&ann, "getScanStatus", "", "scanStatus").await, json!({ "scanning": false, "count": 0 }));
        assert_eq!(house.refused(&ann, "startScan", "").await, 50);
        let (music, data) = (world.folder.path().join("music"), world.folder.path().join("data"));
        std::fs::create_dir_all(&music).expect("made");
        std::fs::create_dir_all(&data).expect("made");
        ingest::library::add_library(&world.ctx, &data, &music, None).await.expect("a library");
        let status = house.good(&root, "startScan", "", "scanStatus").await;
        assert_eq!(status["scanning"], true);
    }
}
