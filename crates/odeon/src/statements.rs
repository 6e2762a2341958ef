//! One test about every SQL statement of the program: both engines can prepare it, and neither reads a whole table
//! unless the statement says why it may.

use kernel::{
    db::{Engine, STATEMENTS, Statement},
    testkit::{World, is_made},
};

/// Crates that speak SQL; each must be in the list, else the linker left it out and the test would see nothing.
const SPEAKERS: [&str; 8] =
    ["kernel", "accounts", "catalog", "ingest", "messaging", "podcasts", "scrobble", "sharing"];

fn is_ours(statement: &Statement) -> bool {
    !statement.place.contains("/tests")
}

/// The line of a plan that reads a whole table, if there is one.
fn whole_table(engine: Engine, plan: &[String]) -> Option<&String> {
    plan.iter().find(|line| match engine {
        Engine::Sqlite => {
            line.starts_with("SCAN ")
                && !line.contains(" USING ")
                && !line.contains("CONSTANT ROW")
                && !line.contains("VIRTUAL TABLE")
                && !is_made(plan, line)
        }
        Engine::Postgres => line.contains("Seq Scan"),
    })
}

/// The line of a `SQLite` plan that takes a given list apart anew for each row that was found before it: the work is then
/// as much as the list times, say, all that somebody ever marked. `CROSS JOIN` behind the list keeps the order.
fn list_for_each_row(plan: &[String]) -> Option<&String> {
    let pairs = plan.iter().zip(plan.iter().skip(1));
    let nested = |(before, line): &(&String, &String)| {
        before.starts_with("SEARCH ") && line.starts_with("SCAN ") && line.contains("VIRTUAL TABLE")
    };
    pairs.filter(nested).map(|(_, line)| line).next()
}

async fn ask(engine: Engine) {
    let world = World::new(engine).await;
    let mut wrong = Vec::new();
    for statement in STATEMENTS.iter().filter(|statement| is_ours(statement)) {
        match world.ctx.db().plan(statement).await {
            Err(fault) => wrong.push(fault.to_string()),
            Ok(plan) => {
                if let Some(line) = whole_table(engine, &plan).filter(|_| statement.scan.is_none()) {
                    wrong.push(format!("the statement at {} reads a whole table: {line}", statement.place));
                }
                if let Some(line) = list_for_each_row(&plan) {
                    wrong.push(format!(
                        "the statement at {} takes its list apart for each row: {line}",
                        statement.place
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} statements are wrong on {engine:?}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_crate_that_speaks_sql_is_in_the_list() {
    for speaker in SPEAKERS {
        let place = format!("crates/{speaker}/src");
        assert!(
            STATEMENTS.iter().any(|statement| statement.place.starts_with(&place)),
            "{speaker} is missing"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_prepares_every_statement_and_uses_an_index() {
    ask(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_prepares_every_statement_and_uses_an_index() {
    ask(Engine::Postgres).await;
}
