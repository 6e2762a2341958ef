//! Each rule about SQL fires.

use super::*;

const MIGRATIONS: [(&str, &str); 4] = [
    ("crates/catalog/Cargo.toml", ""),
    ("crates/accounts/Cargo.toml", ""),
    ("migrations/0001_accounts.sql", "CREATE TABLE accounts_user (\n id BIGINT PRIMARY KEY);\n"),
    (
        "migrations/0002_catalog.sql",
        "-- accounts_user is only spoken of\nCREATE TABLE IF NOT EXISTS catalog_album (id BIGINT);\n",
    ),
];

fn with(path: &str, text: &str) -> Tree {
    let mut files = MIGRATIONS.to_vec();
    files.push((path, text));
    Tree::of(&files)
}

#[test]
fn sql_outside_a_store_is_found() {
    let codes = [
        "fn f() { db.all(sql!(\"SELECT id FROM catalog_album\")); }",
        "const ALBUMS: &str = \"SELECT id FROM catalog_album\";",
        "fn f() { db.run(\"\n  INSERT\n  INTO catalog_album VALUES ($1)\"); }",
        "fn f() { db.run(\"DELETE FROM catalog_album\"); }",
        "fn f() { db.run(sql!(TEXT)); }",
    ];
    for code in codes {
        let place = "crates/catalog/src/service.rs";
        assert_eq!(only_in_stores(&with(place, code)).len(), 1, "{code}");
        for place in [
            "crates/catalog/src/store.rs",
            "crates/catalog/src/store/albums.rs",
            "crates/catalog/src/scan/store.rs",
        ] {
            assert_eq!(only_in_stores(&with(place, code)), [], "{place}");
        }
    }
}

#[test]
fn the_kernel_speaks_sql_only_where_the_list_allows() {
    let code = "const EVENTS: &str = \"SELECT id FROM kernel_event\";";
    assert_eq!(only_in_stores(&with("crates/kernel/src/outbox.rs", code)), []);
    assert_eq!(only_in_stores(&with("crates/kernel/src/db/migrate.rs", code)), []);
    assert_eq!(only_in_stores(&with("crates/kernel/src/page.rs", code)).len(), 1);
}

#[test]
fn english_and_http_are_not_sql() {
    for text in [
        "Select a folder",
        "DELETE",
        "UPDATE",
        "Create an account",
        "DELETE /api/v1/session",
        "WITHOUT words",
    ] {
        assert!(!is_sql(text), "{text}");
    }
    for text in ["SELECT 1", " UPDATE a SET b = 1", "WITH a AS (SELECT 1) SELECT 2", "PRAGMA journal_mode"] {
        assert!(is_sql(text), "{text}");
    }
}

#[test]
fn sql_that_is_put_together_is_found() {
    let path = "crates/catalog/src/store.rs";
    let bad = "fn f() { db.run(&format!(\"SELECT id FROM {table}\")); }";
    assert_eq!(never_put_together(&with(path, bad)).len(), 1);
    assert_eq!(
        never_put_together(&with(path, "fn f() { db.run(sql!(\"SELECT id FROM catalog_album\")); }")),
        []
    );
}

#[test]
fn naming_another_domains_table_is_found() {
    let path = "crates/catalog/src/store.rs";
    let bad = "fn f() { db.all(sql!(\"SELECT a.id FROM catalog_album a JOIN accounts_user u ON u.id = a.owner\")); }";
    let findings = own_tables_only(&with(path, bad));
    assert_eq!(findings.len(), 1);
    assert!(findings[0].text.contains("`accounts_user`, a table of `accounts`"), "{findings:?}");
    let good = "fn f() { db.all(sql!(\"SELECT id FROM catalog_album\")); }";
    assert_eq!(own_tables_only(&with(path, good)), []);
}

#[test]
fn a_migration_that_refers_to_another_domain_is_found() {
    let text = "CREATE TABLE catalog_like (\n user_id BIGINT REFERENCES accounts_user (id));";
    let findings = own_tables_only(&with("migrations/0003_catalog_like.sql", text));
    assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_table_without_its_domains_name_is_found() {
    assert_eq!(migrations_are_named(&Tree::of(&MIGRATIONS)), []);
    let text = "CREATE INDEX likes ON catalog_album (id);\nCREATE VIRTUAL TABLE likes USING fts5(a);";
    let findings = migrations_are_named(&with("migrations/0003_catalog_like.sql", text));
    assert_eq!(findings.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
}

#[test]
fn a_migration_with_a_bad_or_taken_name_is_found() {
    for name in ["3_catalog.sql", "0003-catalog.sql", "0003_Catalog.sql", "0003_.sql", "notes.txt"] {
        assert_eq!(migrations_are_named(&with(&format!("migrations/{name}"), "")).len(), 1, "{name}");
    }
    let taken = migrations_are_named(&with("migrations/0002_catalog_more.sql", ""));
    assert!(taken[0].text.contains("same number"), "{taken:?}");
    let unowned = migrations_are_named(&with("migrations/0003_karaoke.sql", ""));
    assert!(unowned[0].text.contains("no crate `karaoke`"), "{unowned:?}");
    let alone = migrations_are_named(&with("migrations/0003_catalog.pg.sql", ""));
    assert!(alone[0].text.contains("no 0003_catalog.sql"), "{alone:?}");
    assert_eq!(migrations_are_named(&with("migrations/0002_catalog.pg.sql", "")), []);
}
