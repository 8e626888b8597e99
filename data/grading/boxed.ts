/**
 * Finds the boxed answer of a text: the last balanced `\boxed{…}` or `\fbox{…}`. Boxes in a row, with nothing between them but a comma or
 * "and", are one list: `\boxed{2}, \boxed{3}` answers `2, 3`, as do `\boxed{2} apples and \boxed{3}` and `x = \boxed{2}, y = \boxed{3}`. One pass over the text, so a flood of boxes or braces costs no more than its length.
 */
/** A box: its content and where `\boxed` starts and its brace ends. */
interface Box {
  readonly content: string;
  readonly start: number;
  readonly end: number;
}

/** Boxes that are kept while reading: enough for the longest list, few enough for a flood. */
const kept = 32;

/** The outermost balanced boxes of a text in their order, at most the last 32; `\boxed 5` without a brace holds one word. */
function boxes(text: string): ReadonlyArray<Box> {
  const found: Array<Box> = [];
  const open: Array<number> = [];
  const keep = (box: Box) => {
    while (found.length > 0 && found[found.length - 1].start > box.start) found.pop();
    found.push(box);
    if (found.length > kept) found.shift();
  };
  const word = /\s*(\\?[A-Za-z0-9]+)/y;
  const command = /\\{1,2}(?:boxed|fbox)(?![A-Za-z])\s*(\{?)/y;
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
      command.lastIndex = at;
      const box = command.exec(text);
      if (box === null) at++;
      else if (box[1] === "{") {
        open.push(at);
        at = command.lastIndex - 1;
      } else {
        word.lastIndex = command.lastIndex;
        const bare = word.exec(text);
        if (bare !== null) keep({ content: bare[1], start: at, end: word.lastIndex - 1 });
        at = Math.max(at, command.lastIndex - 1);
      }
    }
  }
  return found;
}

const joint =
  /^(?:[\s$,;]|\\[,;! ()[\]]|\\q?quad|(?:\\text\s*\{)?\s*(?:[a-z]{2,12}\s+)?,?\s*(?:and|or)\s*\}?|[a-zA-Z](?:_\{?\w+\}?)?\s*=)*$/;

/** The content of the last box of a text, without looking at its neighbours; null where there is none. */
export function lastBox(text: string): string | null {
  return boxes(text).at(-1)?.content ?? null;
}

/** The last box, joined with those directly before it where they make a list of different answers. */
export function boxed(text: string): string | null {
  return boxedAnswer(text)?.answer ?? null;
}

/** The boxed answer of a text, and where its last box ends. */
export function boxedAnswer(text: string): { readonly answer: string; readonly end: number } | null {
  const row = lastRow(text);
  if (row.length === 0) return null;
  const contents = row.map((box) => box.content);
  const answer = new Set(contents).size === contents.length ? contents.join(", ") : contents[contents.length - 1];
  return { answer, end: row[row.length - 1].end + 1 };
}

/** The contents of the last box and of those joined to it, in their order. */
export function boxedParts(text: string): ReadonlyArray<string> {
  return lastRow(text).map((box) => box.content);
}

function lastRow(text: string): ReadonlyArray<Box> {
  const all = boxes(text);
  let first = all.length - 1;
  while (first > 0) {
    const between = text.slice(all[first - 1].end + 1, all[first].start);
    if (between.length > 40 || !joint.test(between)) break;
    first--;
  }
  return all.slice(Math.max(0, first));
}
