//! Internet radio stations.

use http::Method;
use kernel::{on_both_engines, testkit::World};
use serde_json::json;

use super::*;

async fn ask(
    ctx: &Ctx,
    role: Option<Role>,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let mut request = Request::builder().method(method).uri(path).header("content-type", "application/json");
    if let Some(role) = role {
        let viewer = Viewer { id: UserId(1), handle: "ann".to_owned(), role, session: None, within: None };
        request = request.extension(viewer);
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let request = request.body(Body::from(body)).expect("a request");
    let response =
        Router::from(crate::routes(ctx.clone())).oneshot(request).await.expect("the router answers");
    let status = response.status();
    let bytes = response.into_body().collect().await.expect("the body is read").to_bytes();
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

const PATH: &str = "/api/v1/radio-stations";

on_both_engines! {
    async fn administrators_list_stations_and_every_member_sees_them(world: World) {
        let (ctx, admin, member) = (&world.ctx, Some(Role::Admin), Some(Role::Moderator));
        let new = json!({ "name": " The  Waves ", "stream": "http://Radio.test:8000/live", "home_page": "" });
        assert_eq!(ask(ctx, None, Method::POST, PATH, Some(new.clone())).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(ask(ctx, member, Method::POST, PATH, Some(new.clone())).await.0, StatusCode::FORBIDDEN);
        let (status, made) = ask(ctx, admin, Method::POST, PATH, Some(new)).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        assert_eq!((&made["name"], &made["stream"], &made["home_page"]), (&json!("The Waves"), &json!("http://radio.test:8000/live"), &Value::Null));
        for name in ["Éa", "abc"] {
            let new = json!({ "name": name, "stream": "https://a.test/", "home_page": "https://a.test/home" });
            assert_eq!(ask(ctx, admin, Method::POST, PATH, Some(new)).await.0, StatusCode::CREATED);
        }
        let (_, first) = ask(ctx, member, Method::GET, &format!("{PATH}?limit=2"), None).await;
        let (_, rest) = ask(ctx, member, Method::GET, &format!("{PATH}?after={}", first["next"].as_str().expect("more")), None).await;
        let names: Vec<_> = [&first, &rest].iter().flat_map(|page| page["items"].as_array().expect("a list")).map(|one| one["name"].clone()).collect();
        assert_eq!(names, ["abc", "Éa", "The Waves"]);
        let one = format!("{PATH}/{}", made["id"].as_str().expect("an id"));
        let changed = json!({ "name": "Waves", "stream": "https://radio.test/live" });
        for (method, body) in [(Method::PUT, Some(changed.clone())), (Method::DELETE, None)] {
            assert_eq!(ask(ctx, member, method, &one, body).await.0, StatusCode::FORBIDDEN);
        }
        let (status, now) = ask(ctx, admin, Method::PUT, &one, Some(changed.clone())).await;
        assert_eq!((status, &now["name"], &now["stream"]), (StatusCode::OK, &json!("Waves"), &json!("https://radio.test/live")));
        assert_eq!(ask(ctx, member, Method::GET, &one, None).await, (StatusCode::OK, now));
        assert_eq!(ask(ctx, admin, Method::DELETE, &one, None).await.0, StatusCode::NO_CONTENT);
        for (method, body) in [(Method::GET, None), (Method::PUT, Some(changed)), (Method::DELETE, None)] {
            assert_eq!(ask(ctx, admin, method, &one, body).await.0, StatusCode::NOT_FOUND);
        }
    }

    async fn only_addresses_of_the_web_are_taken(world: World) {
        let admin = Some(Role::Admin);
        for stream in ["", "radio", "javascript:alert(1)", "file:///etc/passwd", "ftp://a.test/x", "data:text/html,x", "//a.test/x", "http://", "https://ann:secret@a.test/x", "https://ann@a.test/x"] {
            for (field, new) in [("stream", json!({ "name": "A", "stream": stream })), ("home_page", json!({ "name": "A", "stream": "http://a.test", "home_page": stream }))] {
                // No home page at all is fine.
                if field == "home_page" && stream.is_empty() {
                    continue;
                }
                let (status, problem) = ask(&world.ctx, admin, Method::POST, PATH, Some(new)).await;
                assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {stream}");
                assert_eq!(problem["errors"][0]["field"], field);
            }
        }
        let long = format!("http://a.test/{}", "x".repeat(2_000));
        for new in [json!({ "name": "A", "stream": long }), json!({ "name": " \u{7} ", "stream": "http://a.test" }), json!({ "name": "x".repeat(201), "stream": "http://a.test" })] {
            assert_eq!(ask(&world.ctx, admin, Method::POST, PATH, Some(new)).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        }
    }

    async fn there_are_so_many_stations_and_no_more(world: World) {
        use crate::{model::radio::{NewRadioStation, RadioStationId}, service::radio::STATIONS_MAX, store::radio};
        let (ids, now) = (world.ctx.ids().clone(), world.ctx.now());
        let filled: Result<(), Fault> = world.ctx.db().write(move |tx| {
            let new = NewRadioStation { name: "A".to_owned(), stream: "http://a.test/".to_owned(), home_page: None };
            for _ in 0..STATIONS_MAX {
                radio::insert(tx, RadioStationId(ids.next()), &new, b"a", now)?;
            }
            Ok(())
        }).await;
        filled.expect("they are entered");
        let new = json!({ "name": "B", "stream": "http://b.test/" });
        let (status, problem) = ask(&world.ctx, Some(Role::Admin), Method::POST, PATH, Some(new)).await;
        assert_eq!((status, &problem["code"]), (StatusCode::CONFLICT, &json!("full")));
    }
}
