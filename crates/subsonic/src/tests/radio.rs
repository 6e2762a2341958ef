use kernel::{on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn administrators_keep_stations_and_everybody_sees_them(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Moderator).await, house.member("root", Role::Admin).await);
        let new = "name=Waves&streamUrl=https%3A%2F%2Fradio.test%2Flive&homepageUrl=https%3A%2F%2Fradio.test%2F";
        for method in ["createInternetRadioStation", "updateInternetRadioStation", "deleteInternetRadioStation"] {
            assert_eq!(house.refused(&ann, method, &format!("id=ir-1&{new}")).await, 50, "{method}");
        }
        let app_password = house.app_password(&root).await;
        assert_eq!(house.refused(&app_password, "createInternetRadioStation", new).await, 50, "an app password runs no house");
        assert_eq!(house.call(&root, "createInternetRadioStation", new).await["status"], "ok");
        let stations = house.good(&ann, "getInternetRadioStations", "", "internetRadioStations").await;
        let station = &stations["internetRadioStation"][0];
        assert_eq!((&station["name"], &station["streamUrl"], &station["homePageUrl"]), (&json!("Waves"), &json!("https://radio.test/live"), &json!("https://radio.test/")));
        let id = station["id"].as_str().expect("an id").to_owned();
        assert_eq!(house.refused(&root, "createInternetRadioStation", "name=A").await, 10);
        assert_eq!(house.refused(&root, "createInternetRadioStation", "name=A&streamUrl=file:///etc/passwd").await, 0);
        let changed = format!("id={id}&name=Tides&streamUrl=http://radio.test/");
        assert_eq!(house.call(&root, "updateInternetRadioStation", &changed).await["status"], "ok");
        let stations = house.good(&ann, "getInternetRadioStations", "", "internetRadioStations").await;
        assert_eq!((each(&stations["internetRadioStation"], "name"), &stations["internetRadioStation"][0]["homePageUrl"]), (vec!["Tides"], &Value::Null));
        assert_eq!(house.call(&root, "deleteInternetRadioStation", &format!("id={id}")).await["status"], "ok");
        for bad in [id.as_str(), "ir-0", "1", "sh-1", ""] {
            assert_eq!(house.refused(&root, "deleteInternetRadioStation", &format!("id={bad}")).await, 70, "{bad}");
        }
        let stations = house.good(&ann, "getInternetRadioStations", "", "internetRadioStations").await;
        assert!(stations["internetRadioStation"].as_array().is_none_or(Vec::is_empty), "{stations}");
    }
}
