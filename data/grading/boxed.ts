/**
 * Finds the boxed answer of a text: the last balanced, non-empty `\boxed{…}`, `\fbox{…}` or `\framebox{…}`. Without braces a box holds one
 * number or command (`\boxed 5`, `\boxed \frac12`); if more follows, the content is ambiguous and the answer is not understood. Adjacent
 * boxes with only a comma or "and" between them are one list: `\boxed{2}, \boxed{3}` answers `2, 3`, as do `\boxed{2} apples and \boxed{3}`
 * and `x = \boxed{2}, y = \boxed{3}`. Runs in one pass, linear in the length of the text.
 */
/** A box: its content, the index of `\boxed`, and the index after its closing brace. */
interface Box {
  readonly content: string;
  readonly start: number;
  readonly end: number;
}

/** The number of boxes kept while reading: more than any list has, and a bound on memory. */
const kept = 32;

const group = "\\{(?:[^{}]|\\{(?:[^{}]|\\{[^{}]*\\})*\\})*\\}";
const single = "[-+−]?(?:\\d{1,3}(?:,\\d{3})+(?:\\.\\d+)?|\\d+(?:\\.\\d+)?|\\.\\d+)";
const command =
  `[-+−]?\\\\(?:[dtc]?frac(?:\\s?${group}|\\s?\\d){2}|sqrt\\s?(?:\\[[^\\]]*\\])?\\s?(?:${group}|\\d)|[a-zA-Z]+(?:\\s?${group})*)`;
const bareContent = new RegExp(
  `^\\s*(${single}|${command}|[a-zA-Z](?![a-zA-Z]))(?=\\s*(?:$|\\$|\\n|\\\\[)\\]]|</|[.,;:!?](?:\\s|\\$|$))|\\s[a-zA-Z(]{2})`,
);
const bareRest = /^\s*(?![a-zA-Z]{2})([^\s$][^$\n]{0,80})/;
const longestBare = 200;

/**
 * The content of a box without braces: one number or command; all that follows, marked as no answer, if there is more; null for plain
 * words.
 */
function bareBox(text: string, at: number): { readonly content: string; readonly end: number } | null {
  const behind = text.slice(at, at + longestBare);
  const one = bareContent.exec(behind);
  if (one !== null) return { content: one[1], end: at + one[0].length };
  const rest = bareRest.exec(behind);
  return rest === null ? null : { content: `\\boxed ${rest[1]}`, end: at + rest[0].length };
}

/** The outermost balanced boxes of a text in order, at most the last 32. */
function boxes(text: string): ReadonlyArray<Box> {
  const found: Array<Box> = [];
  const open: Array<number> = [];
  const keep = (box: Box) => {
    while (found.length > 0 && found[found.length - 1].start > box.start) found.pop();
    found.push(box);
    if (found.length > kept) found.shift();
  };
  const opener = /\\{1,2}(?:boxed|fbox|framebox)(?![A-Za-z])\s*(\{?)/y;
  const mark = /[{}\\]/g;
  for (let at = 0; at < text.length; at++) {
    mark.lastIndex = at;
    const next = mark.exec(text);
    if (next === null) break;
    at = next.index;
    const c = text.charCodeAt(at);
    if (c === 0x7b) open.push(-1);
    else if (c === 0x7d) {
      const start = open.pop();
      if (start !== undefined && start >= 0) {
        keep({ content: text.slice(text.indexOf("{", start) + 1, at), start, end: at });
      }
    } else if (c === 0x5c) {
      opener.lastIndex = at;
      const box = opener.exec(text);
      if (box === null) at++;
      else if (box[1] === "{") {
        open.push(at);
        at = opener.lastIndex - 1;
      } else {
        const bare = bareBox(text, opener.lastIndex);
        if (bare !== null) keep({ content: bare.content, start: at, end: bare.end - 1 });
        at = Math.max(at, opener.lastIndex - 1);
      }
    }
  }
  return found;
}

/**
 * The word before "and" is not "and" itself, and a leading comma is a separator. This makes the match unambiguous; an ambiguous pattern
 * would take time exponential in the number of words to fail.
 */
const counted = "(?!(?:and|or)\\b)[a-z]{2,12}\\s+(?:,\\s*)?";
const joint = new RegExp(
  `^(?:[\\s$,;]|\\\\[,;! ()[\\]]|\\\\q?quad|\\\\text\\s*\\{\\s*(?:${counted}|,\\s*)?(?:and|or)\\s*\\}|\\b(?:${counted})?(?:and|or)\\b|[a-zA-Z](?:_\\{?\\w+\\}?)?\\s*=)*$`,
);

/** The last box, joined with the boxes directly before it if they form a list of different answers. */
export function boxed(text: string): string | null {
  return boxedAnswer(text)?.answer ?? null;
}

/** The boxed answer of a text and the index after its last box. */
export function boxedAnswer(text: string): { readonly answer: string; readonly end: number } | null {
  const all = boxes(text);
  const written = all.filter(({ content }) => !isBlank(content));
  const row = rowOf(text, written.length > 0 ? written : all);
  if (row.length === 0) return null;
  const contents = row.map((box) => box.content);
  const answer = new Set(contents).size === contents.length ? contents.join(", ") : contents[contents.length - 1];
  return { answer, end: row[row.length - 1].end + 1 };
}

/** Whether a box holds only spaces and dollar signs, or nothing. */
export const isBlank = (content: string): boolean => /^(?:[\s$~.]|\\[ ,;:!]|\\q?quad)*$/.test(content);

/** The contents of the last box and those joined to it, in order. */
export function boxedParts(text: string): ReadonlyArray<string> {
  return rowOf(text, boxes(text)).map((box) => box.content);
}

/** The text after `####` on the last line of a solution (GSM8K's format); null if the last line does not begin with it. */
export function afterHashes(solution: string): string | null {
  const written = solution.trimEnd();
  const line = written.slice(written.lastIndexOf("\n") + 1).trim();
  const behind = line.startsWith("####") ? line.slice("####".length).trim() : "";
  return behind === "" ? null : behind;
}

/** The last box and the boxes joined to it. */
function rowOf(text: string, all: ReadonlyArray<Box>): ReadonlyArray<Box> {
  let first = all.length - 1;
  while (first > 0) {
    const between = text.slice(all[first - 1].end + 1, all[first].start);
    if (between.length > 40 || !joint.test(between)) break;
    first--;
  }
  return all.slice(Math.max(0, first));
}
