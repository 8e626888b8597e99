/**
 * Near-duplicate texts. A text is a set of shingles: five consecutive words, digits, commands or signs, without case, spacing and
 * punctuation. Two texts are near-duplicates if their sets overlap by a share (Jaccard) of their union.
 */

/** Two texts by index, the lower first, and their Jaccard similarity. */
export interface Pair {
  readonly first: number;
  readonly second: number;
  readonly similarity: number;
}

const width = 5;

/** Shingles that more texts share are ignored, as too common. */
const mostShared = 100;

/** The shingles of a text; a short text is a single shingle. */
function shingles(text: string): ReadonlySet<string> {
  const words = text.replace(/\\[dt]frac/g, "\\frac").toLowerCase().match(/\\[a-z]+|[a-z]+|\d|[-+*/^=<>&]/g) ?? [];
  if (words.length <= width) return new Set(words.length === 0 ? [] : [words.join(" ")]);
  return new Set(Array.from({ length: words.length - width + 1 }, (_, i) => words.slice(i, i + width).join(" ")));
}

/** Every pair of texts with at least this similarity, most similar first. */
export function nearDuplicates(texts: ReadonlyArray<string>, atLeast: number): ReadonlyArray<Pair> {
  const sets = texts.map(shingles);
  const holders = new Map<string, Array<number>>();
  sets.forEach((set, i) => {
    for (const one of set) {
      const list = holders.get(one);
      if (list === undefined) holders.set(one, [i]);
      else list.push(i);
    }
  });
  const pairs: Array<Pair> = [];
  sets.forEach((set, second) => {
    const candidates = new Set<number>();
    for (const one of set) {
      const list = holders.get(one) ?? [];
      if (list.length <= mostShared) { for (const first of list) if (first < second) candidates.add(first); }
    }
    for (const first of candidates) {
      const common = [...set].filter((one) => sets[first].has(one)).length;
      const similarity = common / (set.size + sets[first].size - common);
      if (similarity >= atLeast) pairs.push({ first, second, similarity });
    }
  });
  return pairs.sort((a, b) => b.similarity - a.similarity || a.first - b.first || a.second - b.second);
}
