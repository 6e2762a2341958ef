//! The index beside a model that looks at every document.

use std::{cmp::Reverse, collections::BTreeMap};

use kernel::random::Random;

use super::{
    Index, Kind,
    segment::Doc,
    words::{Asked, asked_for, whole_of},
};

/// Words of few letters, so that many are a typo apart and many begin others.
fn word(random: &Random) -> String {
    let letters = 1 + random.below(3) + random.below(7);
    (0..letters).map(|_| char::from(b'a' + u8::try_from(random.below(3)).expect("small"))).collect()
}

fn words(random: &Random, most: u64) -> Vec<String> {
    (0..=random.below(most)).map(|_| word(random)).collect()
}

fn doc(random: &Random, id: i64) -> Doc {
    let name = words(random, 3);
    Doc {
        id,
        popularity: u32::try_from(random.below(3)).expect("small"),
        scope: 1,
        whole: super::words::whole(&name.join(" ")),
        name,
        other: words(random, 4),
    }
}

/// The distance with neighbours in each other's place, by the whole table.
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut table = vec![vec![0; right.len() + 1]; left.len() + 1];
    for at in 0..=left.len() {
        for to in 0..=right.len() {
            table[at][to] = if at == 0 || to == 0 {
                at + to
            } else {
                let other = usize::from(left[at - 1] != right[to - 1]);
                let least =
                    (table[at - 1][to - 1] + other).min(table[at - 1][to] + 1).min(table[at][to - 1] + 1);
                let swapped =
                    at > 1 && to > 1 && left[at - 1] == right[to - 2] && left[at - 2] == right[to - 1];
                if swapped { least.min(table[at - 2][to - 2] + 1) } else { least }
            };
        }
    }
    table[left.len()][right.len()]
}

/// Typos, and whether only the beginning was given; `None` when the word does not match.
fn cost(asked: &Asked, word: &str) -> Option<(u32, bool)> {
    let most = usize::from(asked.edits_max);
    if most == 0 {
        let begun = (asked.open && word.starts_with(&asked.word)).then_some((0, true));
        return (asked.word == word).then_some((0, false)).or(begun);
    }
    let whole = distance(asked.word.as_bytes(), word.as_bytes());
    let begun = (0..=word.len()).map(|end| distance(asked.word.as_bytes(), &word.as_bytes()[..end])).min();
    let whole = (whole <= most).then_some((whole, false));
    let begun = begun.filter(|begun| asked.open && *begun <= most).map(|begun| (begun, true));
    let (edits, begun) = whole.into_iter().chain(begun).min()?;
    Some((u32::try_from(edits).expect("small"), begun))
}

fn best_of_model(docs: &BTreeMap<i64, Doc>, asked: &[Asked], limit: usize) -> Vec<i64> {
    let mut ranked: Vec<_> = docs
        .values()
        .filter_map(|doc| {
            let (mut edits, mut begun, mut others) = (0, 0, 0);
            for asked in asked {
                let names = doc.name.iter().filter_map(|word| Some((cost(asked, word)?, false)));
                let other = doc.other.iter().filter_map(|word| Some((cost(asked, word)?, true)));
                let ((typos, beginning), other) = names.chain(other).min()?;
                edits += typos;
                begun += u32::from(beginning);
                others += u32::from(other);
            }
            let whole = others == 0 && doc.whole == whole_of(asked);
            Some((edits, begun, others, !whole, Reverse(doc.popularity), doc.id))
        })
        .collect();
    ranked.sort_unstable();
    ranked.truncate(limit);
    ranked.into_iter().map(|rank| rank.5).collect()
}

#[test]
fn the_index_finds_what_looking_at_everything_finds_in_the_same_order() {
    for seed in 0..6 {
        let random = Random::seeded(seed);
        let (mut index, mut model) = (Index::default(), BTreeMap::new());
        for _ in 0..15 {
            let count = 1 + random.below(120);
            let made = (0..count).map(|_| doc(&random, i64::try_from(random.below(900)).expect("small")));
            let docs: BTreeMap<i64, Doc> = made.map(|doc| (doc.id, doc)).collect();
            let gone: Vec<i64> = model.keys().copied().filter(|_| random.below(20) == 0).collect();
            model.retain(|id, _| !gone.contains(id));
            let put: Vec<Doc> = docs.values().filter(|doc| !gone.contains(&doc.id)).cloned().collect();
            model.extend(put.iter().map(|doc| (doc.id, doc.clone())));
            index.put(Kind::Track, put, &gone);
            assert_eq!(index.len(), model.len());
            for limit in [1, 7, 2000] {
                let query = words(&random, 3).join(" ");
                let asked = asked_for(&query);
                let found = index.best(Kind::Track, &asked, 1, limit);
                assert_eq!(found, best_of_model(&model, &asked, limit), "seed {seed}: {query:?}, {limit}");
            }
        }
    }
}

#[test]
fn what_is_put_piece_by_piece_is_found_as_what_is_put_at_once() {
    let random = Random::seeded(99);
    let docs: Vec<Doc> = (0..3000).map(|id| doc(&random, id)).collect();
    let (mut pieces, mut whole) = (Index::default(), Index::default());
    whole.put(Kind::Album, docs.clone(), &[]);
    for doc in docs.chunks(7) {
        pieces.put(Kind::Album, doc.to_vec(), &[]);
    }
    assert_eq!(pieces.len(), whole.len());
    for _ in 0..100 {
        let asked = asked_for(&words(&random, 2).join(" "));
        assert_eq!(
            pieces.best(Kind::Album, &asked, 1, 50),
            whole.best(Kind::Album, &asked, 1, 50),
            "{asked:?}"
        );
        assert!(whole.best(Kind::Artist, &asked, 1, 50).is_empty(), "kinds are apart");
    }
    let ids: Vec<i64> = (0..3000).collect();
    pieces.put(Kind::Album, Vec::new(), &ids);
    assert_eq!((pieces.len(), pieces.bytes()), (0, 0), "what is gone takes no room");
}

#[test]
fn what_a_large_segment_remembers_of_short_beginnings_is_what_looking_at_everything_finds() {
    let random = Random::seeded(3);
    // No word is "q" or "qz", so that these are only ever beginnings.
    let longer = |words: Vec<String>| words.iter().map(|word| format!("qz{word}")).collect();
    let docs = (0..12_000).map(|id| doc(&random, id));
    let docs = docs.map(|doc| Doc { name: longer(doc.name), other: longer(doc.other), ..doc });
    let docs: Vec<Doc> = docs.collect();
    let mut model: BTreeMap<i64, Doc> = docs.iter().map(|doc| (doc.id, doc.clone())).collect();
    let mut index = Index::default();
    index.put(Kind::Video, docs, &[]);
    for round in 0..3 {
        for query in ["q", "qz"] {
            let asked = asked_for(query);
            for limit in [10, 500] {
                let found = index.best(Kind::Video, &asked, 1, limit);
                assert_eq!(found, best_of_model(&model, &asked, limit), "round {round}: {query:?}, {limit}");
            }
        }
        // First a few of the best go, then so many that nothing which is remembered is left.
        let gone = index.best(Kind::Video, &asked_for("q"), 1, if round == 0 { 20 } else { 600 });
        model.retain(|id, _| !gone.contains(id));
        index.put(Kind::Video, Vec::new(), &gone);
    }
}
