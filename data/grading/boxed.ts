/**
 * Finds the answer in a response: the last balanced `\boxed{…}` or `\fbox{…}`, and where thinking is marked, only behind the
 * last `</think>`. Boxes in a row, joined by nothing but a comma or "and", are one list: `\boxed{2}, \boxed{3}` answers
 * `2, 3`. One pass over the text, so a flood of boxes or braces costs no more than its length.
 */
import type { Extraction } from "../task.ts";

/** A box: its content and where `\boxed` starts and its brace ends. */
interface Box {
  readonly content: string;
  readonly start: number;
  readonly end: number;
}

/** What was found in a response, and how, in words for a `Grade`. */
export interface Extracted {
  readonly answer: string | null;
  readonly how: string;
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
  const command = /\\(?:boxed|fbox)(?![A-Za-z])\s*(\{?)/y;
  for (let at = 0; at < text.length; at++) {
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

const joint = /^(?:[\s$,;]|\\[,;! ()]|\\q?quad|(?:\\text\s*\{)?\s*,?\s*(?:and|or)\s*\}?)*$/;

/** The content of the last box of a text, without looking at its neighbours; null where there is none. */
export function lastBox(text: string): string | null {
  return boxes(text).at(-1)?.content ?? null;
}

/** The last box, joined with those directly before it where they make a list of different answers. */
export function boxed(text: string): string | null {
  const all = boxes(text);
  if (all.length === 0) return null;
  let first = all.length - 1;
  while (first > 0) {
    const between = text.slice(all[first - 1].end + 1, all[first].start);
    if (between.length > 40 || between.trim() === "" || !joint.test(between)) break;
    first--;
  }
  const contents = all.slice(first).map((box) => box.content);
  return new Set(contents).size === contents.length ? contents.join(", ") : contents[contents.length - 1];
}

const stated = /(?:final\s+)?answer\s*(?:is|=|:)\s*[*:\s]*([^\n]{1,2000})/gi;
const mathSpan = /\$\$([\s\S]+?)\$\$|\$([^$]+)\$|\\\((.+?)\\\)|\\\[([\s\S]+?)\\\]/;
const mathSpans = new RegExp(mathSpan.source, "g");
const number = /-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:\/\d+)?%?|-?\.\d+/g;

/** How much of the end of a response the lenient mode looks at. */
const tailLength = 4000;

const inside = (span: RegExpMatchArray | null | undefined) => span?.[1] ?? span?.[2] ?? span?.[3] ?? span?.[4];

/**
 * The answer of a response. In `strict` mode the box or nothing. In `lenient` mode also, in this order: what "the answer is" names, the last
 * formula between dollars or LaTeX brackets, a response that is a single word, the last number.
 */
export function extract(responseText: string, mode: Extraction): Extracted {
  const thought = responseText.lastIndexOf("</think>");
  const body = thought < 0 ? responseText : responseText.slice(thought + "</think>".length);
  const box = boxed(body);
  if (box !== null) return { answer: box, how: "from the box" };
  const missing = thought >= 0 && boxes(responseText).length > 0 ? "no box after </think>" : "no box";
  return mode === "strict" ? { answer: null, how: missing } : unboxed(body.slice(-tailLength).trim(), missing);
}

function unboxed(tail: string, missing: string): Extracted {
  const sentence = [...tail.matchAll(stated)].at(-1)?.[1];
  if (sentence !== undefined) {
    const value = inside(mathSpan.exec(sentence)) ?? sentence.replace(/[.*\s]+$/, "");
    if (value !== "") return { answer: value, how: 'from "answer is"' };
  }
  const span = inside([...tail.matchAll(mathSpans)].at(-1));
  if (span !== undefined) return { answer: span, how: "from the last formula" };
  if (tail !== "" && tail.length < 200 && !/\s/.test(tail)) return { answer: tail, how: "as the whole response" };
  const last = tail.match(number)?.at(-1);
  return last === undefined
    ? { answer: null, how: `${missing} and no number` }
    : { answer: last, how: "as the last number" };
}
