use std::time::Duration;

use kernel::{on_both_engines, testkit::World};

use super::*;

impl House {
    /// What is said, the newest first: who, and what.
    async fn chat(&self, key: &str, more: &str) -> Vec<(String, String)> {
        let list = self.good(key, "getChatMessages", more, "chatMessages").await["chatMessage"].clone();
        let both = each(&list, "username").into_iter().zip(each(&list, "message"));
        both.map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
    }
}

fn told(said: &[(String, String)]) -> Vec<(&str, &str)> {
    said.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect()
}

on_both_engines! {
    async fn everybody_of_the_house_reads_what_is_said(world: World) {
        let house = House::new(&world.ctx);
        let (ann, bob) = (house.member("ann", Role::Listener).await, house.member("bob", Role::Admin).await);
        assert_eq!(house.chat(&ann, "").await, []);
        house.good(&ann, "addChatMessage", "message=Tea+%26+cake%3F%0A%3Cb%3E", "x").await;
        world.clock.advance(Duration::from_millis(1));
        let sent = house.send(form("addChatMessage", &format!("apiKey={bob}&v=1.16.1&c=x&f=json&message=Yes"))).await;
        assert_eq!(sent.json()["subsonic-response"]["status"], "ok");
        for key in [&ann, &bob] {
            assert_eq!(told(&house.chat(key, "").await), [("bob", "Yes"), ("ann", "Tea & cake?\n<b>")]);
        }
        let list = house.good(&ann, "getChatMessages", "", "chatMessages").await["chatMessage"].clone();
        let first = list[1]["time"].as_i64().expect("milliseconds");
        assert_eq!(first, kernel::testkit::START.0 / 1000);
        assert_eq!(told(&house.chat(&ann, &format!("since={first}")).await), [("bob", "Yes")]);
        assert_eq!(house.chat(&ann, &format!("since={}", list[0]["time"])).await, []);
        assert_eq!(house.chat(&ann, "since=").await.len(), 2);
        assert_eq!(house.chat(&ann, &format!("since={}", i64::MAX)).await, []);
        for long_ago in ["-1", "0", &i64::MIN.to_string()] {
            assert_eq!(house.chat(&ann, &format!("since={long_ago}")).await.len(), 2, "{long_ago}");
        }
        let xml = house.get(&format!("/rest/getChatMessages?apiKey={ann}&v=1.16.1&c=x")).await.text();
        assert!(xml.contains("<chatMessage ") && xml.contains("&lt;b&gt;") && !xml.contains("<b>"), "{xml}");
    }

    async fn an_app_password_chats_and_a_stranger_does_not(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let phone = house.app_password(&ann).await;
        let path = |method: &str, sign_in: &str| format!("/rest/{method}?v=1.16.1&c=x&f=json&message=Hi&{sign_in}");
        let answer = house.get(&path("addChatMessage", &format!("u=ann&p={phone}"))).await.json();
        assert_eq!(answer["subsonic-response"]["status"], "ok");
        for method in ["getChatMessages", "addChatMessage"] {
            for sign_in in ["", "apiKey=odeon_wrong", "u=ann&p=wrong"] {
                let answer = house.get(&path(method, sign_in)).await.json();
                assert_eq!(answer["subsonic-response"]["status"], "failed", "{method} {sign_in}");
            }
        }
        assert_eq!(told(&house.chat(&ann, "").await), [("ann", "Hi")]);
    }

    async fn a_message_has_limits_that_are_told(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        assert_eq!(house.refused(&ann, "addChatMessage", "").await, 10);
        assert_eq!(house.refused(&ann, "addChatMessage", "message=+%0A").await, 0);
        assert_eq!(house.refused(&ann, "addChatMessage", &format!("message={}", "x".repeat(4_001))).await, 0);
        for bad in ["yesterday", "NaN", "1e3", "0x5", "99999999999999999999", "%00"] {
            assert_eq!(house.refused(&ann, "getChatMessages", &format!("since={bad}")).await, 0, "{bad}");
        }
        assert_eq!(house.refused(&ann, "addChatMessage", "message=%E2%80%8B%E3%85%A4").await, 0, "nobody could read it");
        for long in ["x".repeat(100_000), "%F0%9F%8E%B5".repeat(100_000)] {
            let body = format!("apiKey={ann}&v=1.16.1&c=x&f=json&message={long}");
            let answer = house.send(form("addChatMessage", &body)).await.text();
            assert!(answer.contains("failed") && answer.len() < 1_000, "{answer}");
        }
        for at in 0..messaging::room::MESSAGES_AT_ONCE_MAX {
            house.good(&ann, "addChatMessage", &format!("message={at}"), "x").await;
        }
        let more = house.call(&ann, "addChatMessage", "message=more").await;
        assert!(more["error"]["message"].as_str().is_some_and(|text| text.contains("Wait 61 s")), "{more}");
        world.clock.advance(Duration::from_secs(61));
        house.good(&ann, "addChatMessage", "message=more", "x").await;
        assert_eq!(house.chat(&ann, "").await.len(), 21);
    }

    async fn of_a_long_talk_the_newest_are_told(world: World) {
        let house = House::new(&world.ctx);
        let ann = house.member("ann", Role::Listener).await;
        let most = crate::endpoints::CHAT_MESSAGES_MAX;
        for at in 0..most + 3 {
            house.good(&ann, "addChatMessage", &format!("message={at}"), "x").await;
            world.clock.advance(Duration::from_secs(4));
        }
        let said = house.chat(&ann, "").await;
        assert_eq!((said.len(), said[0].1.clone()), (most as usize, (most + 2).to_string()));
    }

    async fn an_account_that_is_gone_says_nothing_more(world: World) {
        let house = House::new(&world.ctx);
        let (ann, root) = (house.member("ann", Role::Listener).await, house.member("root", Role::Admin).await);
        for key in [&ann, &root] {
            house.good(key, "addChatMessage", "message=Hi", "x").await;
        }
        house.good(&root, "deleteUser", "username=ann", "x").await;
        assert_eq!(told(&house.chat(&root, "").await), [("root", "Hi")], "at once, before messaging has heard of it");
        kernel::outbox::catch_up(&world.ctx, &messaging::projections()).await.expect("heard");
        house.member("ann", Role::Listener).await;
        assert_eq!(told(&house.chat(&root, "").await), [("root", "Hi")], "whoever has the handle next said nothing");
    }
}
