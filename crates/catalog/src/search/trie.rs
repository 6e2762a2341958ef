//! The words of a segment in order, with a tree of their letters for those that are misspelled.

/// Set in [`Node::letter`] where a word ends.
const ENDS: u32 = 1 << 31;
/// Above this letter scripts begin whose words forgive no typo; they are not walked through.
const UNFORGIVING: u32 = 0x2e80;

/// Words in order, without repetition.
#[derive(Default)]
pub(crate) struct Words {
    text: String,
    /// Where each word begins in `text`, and where the last one ends.
    starts: Vec<u32>,
    /// The tree in the order of a walk: a node, then everything below it.
    nodes: Vec<Node>,
}

struct Node {
    letter: u32,
    /// The node behind everything below this one.
    end: u32,
    /// The first word at or below this node.
    word: u32,
}

/// Words that match what is asked for, as a range, and how well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// The first of them.
    pub(crate) first: u32,
    /// The one behind the last of them.
    pub(crate) end: u32,
    /// Typos.
    pub(crate) edits: u8,
    /// What was asked for is only their beginning.
    pub(crate) begun: bool,
}

impl Words {
    /// Takes words that are in order, each once.
    pub(crate) fn new<'a>(words: impl Iterator<Item = &'a str>) -> Self {
        let mut made = Self { starts: vec![0], ..Self::default() };
        let mut open: Vec<(u32, char)> = Vec::new();
        for (number, word) in (0_u32..).zip(words) {
            made.text.push_str(word);
            made.starts.push(small(made.text.len()));
            let kept =
                open.iter().zip(word.chars()).take_while(|((_, known), letter)| known == letter).count();
            made.close(&mut open, kept);
            for letter in word.chars().skip(kept) {
                open.push((small(made.nodes.len()), letter));
                made.nodes.push(Node { letter: letter as u32, end: 0, word: number });
            }
            if let Some((last, _)) = open.last() {
                made.nodes[*last as usize].letter |= ENDS;
            }
        }
        made.close(&mut open, 0);
        made.text.shrink_to_fit();
        made.starts.shrink_to_fit();
        made.nodes.shrink_to_fit();
        made
    }

    fn close(&mut self, open: &mut Vec<(u32, char)>, kept: usize) {
        let end = small(self.nodes.len());
        for (node, _) in open.drain(kept..) {
            self.nodes[node as usize].end = end;
        }
    }

    /// How many.
    pub(crate) fn len(&self) -> u32 {
        small(self.starts.len() - 1)
    }

    /// One of them.
    pub(crate) fn word(&self, number: u32) -> &str {
        let (start, end) = (self.starts[number as usize], self.starts[number as usize + 1]);
        &self.text[start as usize..end as usize]
    }

    /// Memory in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.text.len() + 4 * self.starts.len() + size_of::<Node>() * self.nodes.len()
    }

    /// The word itself and, when `open`, those that begin with it.
    pub(crate) fn exact(&self, asked: &str, open: bool, matches: &mut Vec<Match>) {
        let first = self.partition(|word| word < asked);
        let is_there = first < self.len() && self.word(first) == asked;
        if is_there {
            matches.push(Match { first, end: first + 1, edits: 0, begun: false });
        }
        if open {
            let first = first + u32::from(is_there);
            let end = self.partition(|word| word < asked || word.starts_with(asked));
            if first < end {
                matches.push(Match { first, end, edits: 0, begun: true });
            }
        }
    }

    fn partition(&self, before: impl Fn(&str) -> bool) -> u32 {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if before(self.word(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// Words that differ by at least one and at most `edits_max` typos: a letter too many, missing, or another one,
    /// or two neighbours in each other's place (optimal string alignment). When `open`, also words whose beginning
    /// does.
    pub(crate) fn misspelled(&self, asked: &str, open: bool, edits_max: u8, matches: &mut Vec<Match>) {
        let asked: Vec<u32> = asked.chars().map(|letter| letter as u32).collect();
        let far = edits_max + 1;
        let first_row = (0..=asked.len()).map(|at| u8::try_from(at).unwrap_or(far).min(far)).collect();
        let walk = Walk {
            words: self,
            asked: &asked,
            open,
            edits_max,
            rows: vec![first_row],
            path: Vec::new(),
            matches,
        };
        walk.run();
    }
}

/// A walk through the tree that keeps, for each letter on the way down, the row of the table of distances.
struct Walk<'a> {
    words: &'a Words,
    asked: &'a [u32],
    open: bool,
    edits_max: u8,
    rows: Vec<Vec<u8>>,
    /// The letters on the way, the end of what is below each, and the best distance of a beginning so far.
    path: Vec<(u32, u32, u8)>,
    matches: &'a mut Vec<Match>,
}

impl Walk<'_> {
    fn run(mut self) {
        let mut at = 0_u32;
        while let Some(node) = self.words.nodes.get(at as usize) {
            while self.path.last().is_some_and(|(_, end, _)| *end <= at) {
                self.path.pop();
            }
            let letter = node.letter & !ENDS;
            if self.path.is_empty() && letter >= UNFORGIVING {
                return;
            }
            at = if self.step(at, letter) { at + 1 } else { node.end };
        }
    }

    /// Looks at one node; whether it is worth going below it.
    fn step(&mut self, at: u32, letter: u32) -> bool {
        let node = &self.words.nodes[at as usize];
        let (depth, asked) = (self.path.len() + 1, self.asked.len());
        let best = self.path.last().map_or(self.edits_max + 1, |(_, _, best)| *best);
        let nearest = self.fill_row(depth, letter);
        let distance = self.rows[depth][asked];
        if node.letter & ENDS != 0 && (1..=self.edits_max).contains(&distance) {
            self.matches.push(Match { first: node.word, end: node.word + 1, edits: distance, begun: false });
        }
        let mut best = best;
        if self.open && distance >= 1 && distance < best {
            let end = self.words.nodes.get(node.end as usize).map_or(self.words.len(), |next| next.word);
            self.matches.push(Match { first: node.word, end, edits: distance, begun: true });
            best = distance;
        }
        self.path.push((letter, node.end, best));
        // Below, a word may still end within the distance, or a beginning come nearer.
        nearest <= self.edits_max
    }

    /// Fills the row of distances between what is asked for and the letters down to here; gives its least.
    fn fill_row(&mut self, depth: usize, letter: u32) -> u8 {
        let (asked, far) = (self.asked, self.edits_max + 1);
        if self.rows.len() == depth {
            self.rows.push(vec![far; asked.len() + 1]);
        }
        let (done, rest) = self.rows.split_at_mut(depth);
        let (before, row) = (&done[depth - 1], &mut rest[0]);
        let band = usize::from(self.edits_max);
        let (low, high) = (depth.saturating_sub(band), (depth + band).min(asked.len()));
        row.fill(far);
        let mut nearest = far;
        if low == 0 {
            row[0] = u8::try_from(depth).unwrap_or(far).min(far);
            nearest = row[0];
        }
        for at in low.max(1)..=high {
            let other = u8::from(asked[at - 1] != letter);
            let mut least = (before[at - 1] + other).min(before[at] + 1).min(row[at - 1] + 1);
            let above = depth.checked_sub(2).and_then(|above| Some((above, self.path.last()?.0)));
            if let Some((above, last)) = above
                && at >= 2
                && asked[at - 1] == last
                && asked[at - 2] == letter
            {
                least = least.min(done[above][at - 2] + 1);
            }
            row[at] = least.min(far);
            nearest = nearest.min(row[at]);
        }
        nearest
    }
}

fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a segment holds less than 2^32 of anything")
}
