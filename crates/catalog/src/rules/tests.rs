//! What rules let through, and which rules are refused.

use kernel::Time;
use serde_json::{Value, json};

use super::*;

/// 2026-01-01.
const NOW: Time = Time(1_767_225_600_000_000);
const DAY: i64 = 86_400_000_000;

fn compiled(rules: Value) -> Result<Compiled, String> {
    let rules: Rules = serde_json::from_value(rules).map_err(|error| error.to_string())?;
    Compiled::new(&rules, NOW)
        .map_err(|problem| format!("{}: {}", problem.errors[0].field, problem.errors[0].message))
}

fn track() -> Facts {
    Facts {
        id: 7,
        title: "Café del Mar".to_owned(),
        album: Some("Ænima".to_owned()),
        artists: vec!["Björk".to_owned(), "Air".to_owned()],
        album_artists: vec!["Various".to_owned()],
        genres: vec!["Trip Hop".to_owned(), "Rock".to_owned()],
        year: Some(1998),
        added_us: NOW.0 - 10 * DAY,
        duration_ms: 245_900,
        codec: "flac".to_owned(),
        bitrate_kbps: 900,
        disc: 2,
        number: Some(5),
        library: Some(3),
        mark: Mark { favourite: true, rating: 4, plays: 12, played_us: Some(NOW.0 - 3 * DAY) },
        ..Facts::default()
    }
}

fn fits(rule: &Value, facts: &Facts) -> bool {
    let rules = compiled(json!({ "match": "all", "rules": [rule] })).expect("good rules");
    let mut sieve = Sieve::new(&rules);
    sieve.take(facts);
    sieve.end().0 == 1
}

#[test]
fn every_comparison_says_yes_and_no() {
    let cases = [
        (json!(["title", "is", "CAFE DEL MAR"]), json!(["title", "is", "cafe"])),
        (json!(["title", "is_not", "Other"]), json!(["title", "is_not", "Café del mar"])),
        (json!(["title", "contains", "DEL"]), json!(["title", "contains", "zzz"])),
        (json!(["title", "not_contains", "zzz"]), json!(["title", "not_contains", "del"])),
        (json!(["title", "begins", "café"]), json!(["title", "begins", "del"])),
        (json!(["title", "ends", "mar"]), json!(["title", "ends", "del"])),
        (json!(["album", "is", "aenima"]), json!(["album", "is", "enima"])),
        (json!(["artist", "is", "air"]), json!(["artist", "is_not", "bjork"])),
        (json!(["album_artist", "is", "various"]), json!(["album_artist", "is", "air"])),
        (json!(["genre", "is", "rock"]), json!(["genre", "is_not", "rock"])),
        (json!(["codec", "is", "FLAC"]), json!(["codec", "is", "mp3"])),
        (json!(["year", "is", 1998]), json!(["year", "is_not", 1998])),
        (json!(["year", "between", [1998, 1999]]), json!(["year", "between", [1999, 1998]])),
        (json!(["year", "greater", 1997]), json!(["year", "greater", 1998])),
        (json!(["year", "less", "1999"]), json!(["year", "less", 1998])),
        (json!(["duration", "is", 245]), json!(["duration", "greater", 245])),
        (json!(["bitrate", "greater", 320]), json!(["bitrate", "less", 320])),
        (json!(["disc", "is", 2]), json!(["disc", "is", 1])),
        (json!(["number", "less", 6]), json!(["number", "is", 6])),
        (json!(["library", "is", "3"]), json!(["library", "is_not", 3])),
        (json!(["added", "in_last", 11]), json!(["added", "in_last", 9])),
        (json!(["added", "not_in_last", 9]), json!(["added", "not_in_last", 11])),
        (json!(["added", "is", "2025-12-22"]), json!(["added", "is", "2025-12-23"])),
        (json!(["added", "before", "2025-12-23"]), json!(["added", "before", "2025-12-22"])),
        (json!(["added", "after", "2025-12-21"]), json!(["added", "after", "2025-12-22"])),
        (
            json!(["added", "between", ["2025-12-22", "2025-12-22T12:00:00Z"]]),
            json!(["added", "between", ["2025-12-23", "2025-12-24"]]),
        ),
        (json!(["favourite", "is", true]), json!(["favourite", "is_not", true])),
        (json!(["rating", "greater", 3]), json!(["rating", "less", 4])),
        (json!(["plays", "between", [12, 12]]), json!(["plays", "is", 0])),
        (json!(["last_played", "in_last", 4]), json!(["last_played", "in_last", 2])),
    ];
    let rule = |case: &Value| json!({ "field": case[0], "op": case[1], "value": case[2] });
    for (yes, no) in cases {
        assert!(fits(&rule(&yes), &track()), "{yes}");
        assert!(!fits(&rule(&no), &track()), "{no}");
    }
}

#[test]
fn what_is_not_known_fits_only_what_denies() {
    let bare = Facts::default();
    for (rule, fit) in [
        (json!({ "field": "year", "op": "less", "value": 3000 }), false),
        (json!({ "field": "year", "op": "is_not", "value": 1998 }), true),
        (json!({ "field": "album", "op": "contains", "value": "a" }), false),
        (json!({ "field": "last_played", "op": "not_in_last", "value": 30 }), true),
        (json!({ "field": "rating", "op": "is", "value": 0 }), true),
        (json!({ "field": "favourite", "op": "is", "value": false }), true),
    ] {
        assert_eq!(fits(&rule, &bare), fit, "{rule}");
    }
}

#[test]
fn groups_are_taken_together_as_they_say() {
    let yes = json!({ "field": "disc", "op": "is", "value": 2 });
    let no = json!({ "field": "disc", "op": "is", "value": 1 });
    for (matching, rules, fit) in [
        ("all", json!([yes, no]), false),
        ("any", json!([yes, no]), true),
        ("any", json!([no, { "match": "all", "rules": [yes, yes] }]), true),
        ("all", json!([yes, { "match": "any", "rules": [no, no] }]), false),
        ("any", json!([]), true),
    ] {
        assert_eq!(fits(&json!({ "match": matching, "rules": rules }), &track()), fit, "{matching} {rules}");
    }
}

#[test]
fn a_wrong_rule_is_named_by_its_place() {
    let rule = |rule: Value| json!({ "match": "all", "rules": [rule] });
    let mut deep = json!({ "match": "all", "rules": [] });
    for _ in 0..DEPTH_MAX {
        deep = json!({ "match": "all", "rules": [deep] });
    }
    let good = json!({ "field": "disc", "op": "is", "value": 1 });
    let all = |more: Value| {
        let mut rules = json!({ "match": "all", "rules": [] });
        rules.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        rules
    };
    for (rules, place) in [
        (rule(json!({ "field": "title", "op": "greater", "value": "a" })), "rules[0].op"),
        (rule(json!({ "field": "year", "op": "contains", "value": 1 })), "rules[0].op"),
        (rule(json!({ "field": "random", "op": "is", "value": 1 })), "rules[0].field"),
        (rule(json!({ "field": "title", "op": "is", "value": 1 })), "rules[0].value"),
        (rule(json!({ "field": "title", "op": "is", "value": "" })), "rules[0].value"),
        (rule(json!({ "field": "title", "op": "is", "value": "x".repeat(201) })), "rules[0].value"),
        (rule(json!({ "field": "year", "op": "is", "value": "soon" })), "rules[0].value"),
        (rule(json!({ "field": "year", "op": "between", "value": [1] })), "rules[0].value"),
        (rule(json!({ "field": "added", "op": "in_last", "value": 0 })), "rules[0].value"),
        (rule(json!({ "field": "added", "op": "before", "value": "2025-13-01" })), "rules[0].value"),
        (rule(json!({ "field": "favourite", "op": "is", "value": "yes" })), "rules[0].value"),
        (rule(json!({ "field": "title", "op": "is" })), "rules[0]"),
        (rule(json!({ "match": "all", "rules": [good, { "match": "any" }] })), "rules[0].rules[1]"),
        (json!({ "match": "all", "rules": vec![good.clone(); RULES_MAX + 1] }), "rules"),
        (deep, "rules[0].rules[0].rules[0].rules[0].rules[0]"),
        (all(json!({ "limit": { "count": 0 } })), "limit"),
        (all(json!({ "limit": { "count": 10_001 } })), "limit"),
        (all(json!({ "limit": { "count": 1, "minutes": 1 } })), "limit"),
        (all(json!({ "limit": {} })), "limit"),
        (all(json!({ "sort": vec![json!({ "field": "title" }); SORTS_MAX + 1] })), "sort"),
    ] {
        let refused = compiled(rules.clone()).expect_err("it is refused");
        assert!(refused.starts_with(&format!("{place}: ")), "{place} of {rules}: {refused}");
    }
    assert!(compiled(json!({ "match": "all", "rules": [], "order": 1 })).is_err(), "an unknown word");
    assert!(compiled(json!({ "match": "all", "rules": vec![good; RULES_MAX] })).is_ok());
}

fn picked(rules: Value, tracks: impl Iterator<Item = Facts>) -> (u64, Vec<i64>) {
    let rules = compiled(rules).expect("good rules");
    let mut sieve = Sieve::new(&rules);
    tracks.for_each(|facts| sieve.take(&facts));
    let (matching, picked) = sieve.end();
    (matching, picked.into_iter().map(|picked| picked.id.0).collect())
}

fn played(id: i64, plays: i64) -> Facts {
    let mark = Mark { plays, ..Mark::default() };
    Facts { id, title: format!("T{id:05}"), duration_ms: 60_000, mark, ..Facts::default() }
}

#[test]
fn a_limit_keeps_the_first_by_its_own_order_and_shows_them_in_the_other() {
    let rules = json!({
        "match": "all", "rules": [], "sort": [{ "field": "title" }],
        "limit": { "count": 3 }, "limit_by": { "field": "plays", "descending": true },
    });
    // More than twice the limit and the slack, so that the sieve has to throw away while it goes.
    let tracks = (0..5_000).map(|id| played(id, (id * 7919) % 5_000));
    let most: Vec<i64> = (0..5_000).filter(|id| (id * 7919) % 5_000 >= 4_997).collect();
    assert_eq!(picked(rules, tracks), (5_000, most));
}

#[test]
fn minutes_are_filled_up_and_never_passed() {
    let rules = json!({ "match": "all", "rules": [], "sort": [{ "field": "title", "descending": true }],
        "limit": { "minutes": 3 } });
    assert_eq!(picked(rules, (0..10).map(|id| played(id, 0))), (10, vec![9, 8, 7]));
}

#[test]
fn without_a_limit_the_house_s_own_holds() {
    let (matching, ids) = picked(json!({ "match": "all", "rules": [] }), (0..25_000).map(|id| played(id, 0)));
    assert_eq!((matching, ids.len()), (25_000, FOUND_MAX as usize));
}

#[test]
fn chance_is_the_same_all_day_and_another_the_next() {
    let rules = json!({ "match": "all", "rules": [], "sort": [{ "field": "random" }] });
    let today = picked(rules.clone(), (0..50).map(|id| played(id, 0)));
    assert_eq!(picked(rules.clone(), (0..50).map(|id| played(id, 0))), today);
    assert_ne!(today.1, (0..50).collect::<Vec<_>>());
    let parsed: Rules = serde_json::from_value(rules).expect("good rules");
    let tomorrow = Compiled::new(&parsed, Time(NOW.0 + DAY)).expect("good rules");
    let mut sieve = Sieve::new(&tomorrow);
    (0..50).for_each(|id| sieve.take(&played(id, 0)));
    let ids: Vec<i64> = sieve.end().1.into_iter().map(|picked| picked.id.0).collect();
    assert_ne!(ids, today.1);
}

#[test]
fn the_smallest_source_is_chosen_that_misses_nothing() {
    let source = |matching: &str, rules: Value| {
        compiled(json!({ "match": matching, "rules": rules })).expect("good rules").source()
    };
    let recent = json!({ "field": "added", "op": "in_last", "value": 2 });
    let liked = json!({ "field": "favourite", "op": "is", "value": true });
    assert_eq!(source("all", json!([recent])), Source::AddedSince(Time(NOW.0 - 2 * DAY)));
    assert_eq!(source("all", json!([recent, liked])), Source::Marked);
    assert_eq!(source("any", json!([recent, liked])), Source::All);
    for rule in [
        json!({ "field": "added", "op": "not_in_last", "value": 2 }),
        json!({ "field": "added", "op": "before", "value": "2025-01-01" }),
        json!({ "field": "favourite", "op": "is_not", "value": true }),
        json!({ "field": "favourite", "op": "is", "value": false }),
        json!({ "field": "rating", "op": "less", "value": 3 }),
        json!({ "field": "plays", "op": "is", "value": 0 }),
        json!({ "field": "last_played", "op": "not_in_last", "value": 30 }),
        json!({ "match": "all", "rules": [liked] }),
    ] {
        assert_eq!(source("all", json!([rule])), Source::All, "{rule}");
    }
}
