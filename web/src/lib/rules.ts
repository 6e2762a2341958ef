/** Smart playlists as the editor holds them: pure changes of a tree, and what may be compared how. */
import type { Rule, RuleField, RuleOp, Rules, SortBy } from '../api/types';

export const RULES_MAX = 100;
export const DEPTH_MAX = 5;
export const SORTS_MAX = 5;
export const COUNT_MAX = 10_000;
export const MINUTES_MAX = 100_000;

type Sort = 'text' | 'number' | 'date' | 'flag';
export interface FieldInfo {
  label: string;
  sort: Sort;
  /** What the number counts. */
  unit?: string;
}

export const FIELDS: Partial<Record<RuleField, FieldInfo>> = {
  title: { label: 'Title', sort: 'text' },
  artist: { label: 'Artist', sort: 'text' },
  album: { label: 'Album', sort: 'text' },
  album_artist: { label: 'Album artist', sort: 'text' },
  genre: { label: 'Genre', sort: 'text' },
  year: { label: 'Year', sort: 'number' },
  added: { label: 'Added', sort: 'date' },
  duration: { label: 'Length', sort: 'number', unit: 'seconds' },
  favourite: { label: 'Favourite', sort: 'flag' },
  rating: { label: 'Rating', sort: 'number', unit: 'of 5' },
  plays: { label: 'Plays', sort: 'number', unit: 'times' },
  last_played: { label: 'Last played', sort: 'date' },
  codec: { label: 'Codec', sort: 'text' },
  bitrate: { label: 'Bitrate', sort: 'number', unit: 'kbit/s' },
  disc: { label: 'Disc', sort: 'number' },
  number: { label: 'Track number', sort: 'number' },
};

export const OPS: Record<Sort, Partial<Record<RuleOp, string>>> = {
  text: { is: 'is', is_not: 'is not', contains: 'contains', not_contains: 'is without', begins: 'begins with', ends: 'ends with' },
  number: { is: 'is', is_not: 'is not', greater: 'is over', less: 'is under', between: 'is between' },
  date: { in_last: 'in last', not_in_last: 'not in last', before: 'before', after: 'after', is: 'on', between: 'between' },
  flag: { is: 'is' },
};

/** A rule in the editor: a test when it has no `rules`. The key stays while things around it change. */
export interface Node {
  key: number;
  match: 'all' | 'any';
  rules: Node[] | null;
  field: RuleField;
  op: RuleOp;
  /** As typed: one text, or two for `between`. */
  value: [string, string];
}

export interface Draft {
  root: Node;
  sort: SortBy[];
  limit: { kind: 'none' | 'count' | 'minutes'; value: string };
}

let lastKey = 0;
const node = (given: Partial<Node>): Node => ({ key: ++lastKey, match: 'all', rules: null, field: 'artist', op: 'is', value: ['', ''], ...given });

export const newTest = (): Node => node({ op: 'contains' });
export const newGroup = (): Node => node({ match: 'any', rules: [newTest()] });
export const newDraft = (): Draft => ({ root: node({ rules: [newTest()] }), sort: [], limit: { kind: 'count', value: '100' } });

export function sortOf(field: RuleField): Sort {
  return FIELDS[field]?.sort ?? 'number';
}

/** Which value an editor offers for a test: none for days of a flag, two for `between`. */
export function valueKind(field: RuleField, op: RuleOp): 'text' | 'number' | 'days' | 'date' | 'flag' {
  const sort = sortOf(field);
  return sort === 'date' ? (op === 'in_last' || op === 'not_in_last' ? 'days' : 'date') : sort;
}

/** The same test about another field: what still makes sense stays. */
export function withField(old: Node, field: RuleField): Node {
  const sort = sortOf(field);
  const same = sortOf(old.field) === sort;
  const op = old.op in OPS[sort] ? old.op : (Object.keys(OPS[sort])[0] as RuleOp);
  const value: [string, string] = same ? old.value : sort === 'flag' ? ['true', ''] : ['', ''];
  return { ...old, field, op, value: valueKind(old.field, old.op) === valueKind(field, op) ? value : sort === 'flag' ? ['true', ''] : ['', ''] };
}

export function withOp(old: Node, op: RuleOp): Node {
  return { ...old, op, value: valueKind(old.field, old.op) === valueKind(old.field, op) ? old.value : ['', ''] };
}

/** The tree with one node exchanged, or taken out when `change` gives null. */
export function changed(root: Node, key: number, change: (old: Node) => Node | null): Node {
  const visit = (at: Node): Node | null => {
    if (at.key === key) return change(at);
    if (!at.rules) return at;
    return { ...at, rules: at.rules.map(visit).filter((one) => one !== null) };
  };
  return visit(root) ?? { ...root, rules: [] };
}

export function added(root: Node, group: number, child: Node): Node {
  return changed(root, group, (old) => ({ ...old, rules: [...(old.rules ?? []), child] }));
}

/** Tests and groups below the root, as the server counts them. */
export function count(root: Node): number {
  return (root.rules ?? []).reduce((sum, one) => sum + 1 + count(one), 0);
}

/** What is wrong with a test's value, in words; null when nothing is. */
export function wrong(test: Node): string | null {
  const kind = valueKind(test.field, test.op);
  const values = test.op === 'between' ? test.value : [test.value[0]];
  for (const value of values) {
    const text = value.trim();
    if (text === '') return kind === 'date' ? 'Choose a date.' : 'Fill this in.';
    if (kind === 'text' && [...text].length > 200) return 'At most 200 characters.';
    if ((kind === 'number' || kind === 'days') && !/^\d{1,9}$/.test(text)) return 'This is a whole number.';
    if (kind === 'days' && !(Number(text) >= 1 && Number(text) <= 36_500)) return 'Between 1 and 36500 days.';
    if (kind === 'date' && !/^\d{4}-\d{2}-\d{2}$/.test(text)) return 'Choose a date.';
  }
  return null;
}

function wrongBelow(root: Node): boolean {
  return root.rules ? root.rules.some(wrongBelow) : wrong(root) !== null;
}

/** What stands in the way of saving; null when nothing does. */
export function trouble(draft: Draft): string | null {
  if (count(draft.root) > RULES_MAX) return `A smart playlist has at most ${RULES_MAX} rules and groups.`;
  if (wrongBelow(draft.root)) return 'Some rules are not filled in yet.';
  const { kind, value } = draft.limit;
  const max = kind === 'count' ? COUNT_MAX : MINUTES_MAX;
  if (kind !== 'none' && !(/^\d{1,6}$/.test(value) && Number(value) >= 1 && Number(value) <= max)) return `The limit is a number from 1 to ${max}.`;
  return null;
}

function told(test: Node): unknown {
  const kind = valueKind(test.field, test.op);
  const one = (text: string): unknown => (kind === 'flag' ? text === 'true' : kind === 'number' || kind === 'days' ? Number(text) : text.trim());
  return test.op === 'between' ? test.value.map(one) : one(test.value[0]);
}

function ruleOf(at: Node): Rule {
  return at.rules ? { match: at.match, rules: at.rules.map(ruleOf) } : { field: at.field, op: at.op, value: told(at) };
}

/** What the server takes. */
export function toRules(draft: Draft): Rules {
  const { kind, value } = draft.limit;
  return {
    match: draft.root.match,
    rules: (draft.root.rules ?? []).map(ruleOf),
    sort: draft.sort,
    limit: kind === 'none' ? null : { [kind]: Number(value) },
  };
}

function nodeOf(rule: Rule): Node {
  if (rule.rules) return node({ match: rule.match ?? 'all', rules: rule.rules.map(nodeOf) });
  const values = Array.isArray(rule.value) ? rule.value : [rule.value];
  return node({ field: rule.field ?? 'title', op: rule.op ?? 'is', value: [String(values[0] ?? ''), String(values[1] ?? '')] });
}

export function fromRules(rules: Rules): Draft {
  const { count: most, minutes } = rules.limit ?? {};
  return {
    root: node({ match: rules.match, rules: rules.rules.map(nodeOf) }),
    sort: (rules.sort ?? []).map(({ field, descending }) => ({ field, descending: descending ?? false })),
    limit: most ? { kind: 'count', value: String(most) } : minutes ? { kind: 'minutes', value: String(minutes) } : { kind: 'none', value: '100' },
  };
}
