//! Every statement of accounts is prepared on both engines, and both planners are asked.

use kernel::{db::STATEMENTS, on_both_engines, testkit::World};

use super::*;

on_both_engines! {
    async fn no_statement_reads_a_whole_table(world: World) {
        let mut asked = 0;
        for statement in STATEMENTS.iter().filter(|one| one.place.contains("accounts/src/store")) {
            let plan = world.ctx.db().plan(statement).await.expect("the statement can be prepared").join("\n");
            let whole = plan.contains("Seq Scan") || plan.lines().any(|line| line.starts_with("SCAN accounts_"));
            assert!(!whole || statement.scan.is_some(), "{}:\n{plan}", statement.place);
            asked += 1;
        }
        assert!(asked > 20, "the statements are found: {asked}");
    }
}

#[tokio::test]
async fn every_operation_is_documented_once() {
    let world = World::new(kernel::db::Engine::Sqlite).await;
    let api = crate::routes(world.ctx.clone(), Config::default()).into_openapi();
    let json = serde_json::to_value(&api).expect("JSON");
    let paths = json["paths"].as_object().expect("paths");
    let mut ids: Vec<&str> = paths
        .values()
        .flat_map(|path| path.as_object().expect("operations").values())
        .map(|operation| operation["operationId"].as_str().expect("an id"))
        .collect();
    ids.sort_unstable();
    let all = [
        "add_token",
        "add_user",
        "change_password",
        "current_session",
        "edit_token",
        "edit_user",
        "end_session",
        "list_sessions",
        "list_tokens",
        "list_users",
        "look_at_account_link",
        "make_account_link",
        "remove_user",
        "revoke_token",
        "set_up",
        "setup_state",
        "sign_in",
        "sign_out",
        "use_account_link",
    ];
    assert_eq!(ids, all);
    let schemas = json["components"]["schemas"].as_object().expect("schemas");
    for name in ["User", "Session", "Token", "NewToken", "Problem", "Page_Member"] {
        assert!(schemas.contains_key(name), "{name}: {:?}", schemas.keys());
    }
}
