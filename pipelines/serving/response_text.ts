/**
 * The text of a response while its tokens come. A character whose bytes lie in several tokens appears with its last one. A text that may be the
 * beginning of a stop string is held back until it is none. So the pieces joined are the text of the whole response, cut before the first
 * stop string, however the tokens arrive. (The window over the last tokens is that of vLLM: `transformers_utils/detokenizer_utils.py`.)
 */
import type { Tokenizer } from "../models/tokenizer.ts";

/** How a response becomes text. */
export interface TextOptions {
  readonly stop: ReadonlyArray<string>;
  readonly skipSpecial: boolean;
}

/** The text that is new, and the stop string that ended it. */
export interface TextPiece {
  readonly text: string;
  readonly stopped: string | undefined;
}

/** The growing text of one response. */
export interface ResponseText {
  readonly take: (token: number) => TextPiece;
  /** The text that was held back, after the last token. */
  readonly end: () => TextPiece;
}

/** Tokens that wait for the end of a character; a character has at most four bytes, so no more are of one. */
const [waiting, ofCharacter] = [16, 4];

/** Texts of growing lists of tokens: those of one more token, and what is left at the end. */
const growing = (tokenizer: Tokenizer, skipSpecial: boolean) => {
  // The last tokens whose text is out, and those whose text is not.
  let shown: ReadonlyArray<number> = [];
  let hidden: number[] = [];
  const textOf = (tokens: ReadonlyArray<number>) => tokenizer.decode(tokens, { skipSpecial });
  const isSkipped = (token: number) => skipSpecial && textOf([token]) === "" && tokenizer.decode([token]) !== "";
  /** The text of the hidden tokens that are no beginning of a character; without it, bytes that are none would wait for the end. */
  const partly = (before: string, after: string): string => {
    const whole = textOf(hidden);
    for (let count = hidden.length - ofCharacter; count > hidden.length - waiting; count--) {
      const first = hidden.slice(0, count);
      const [written, alone] = [textOf([...shown, ...first]), textOf(first)];
      // No character goes on beyond the cut, and no text is lost there.
      if (written.length <= before.length || after !== `${written}${whole.slice(alone.length)}`) continue;
      [shown, hidden] = [first, hidden.slice(count)];
      return written.slice(before.length);
    }
    return "";
  };
  const grown = (isEnd: boolean): string => {
    const before = textOf(shown);
    const after = textOf([...shown, ...hidden]);
    if (!isEnd && (after.length <= before.length || after.endsWith("\ufffd"))) {
      return hidden.length % waiting === 0 ? partly(before, after) : "";
    }
    [shown, hidden] = [hidden, []];
    return after.slice(before.length);
  };
  return {
    take: (token: number): string => {
      if (isSkipped(token)) return "";
      hidden.push(token);
      return grown(false);
    },
    end: (): string => hidden.length === 0 ? "" : grown(true),
  };
};

/** The length of the longest end of `text` that a stop string may begin with. */
const heldLength = (text: string, stop: ReadonlyArray<string>): number => {
  const most = stop.reduce((longest, { length }) => Math.max(longest, length - 1), 0);
  for (let length = Math.min(most, text.length); length > 0; length--) {
    const end = text.slice(text.length - length);
    if (stop.some((one) => one.startsWith(end))) return length;
  }
  return 0;
};

/** Where the first stop string begins in `text`, and which it is. */
const firstStop = (text: string, stop: ReadonlyArray<string>) =>
  stop.map((one) => ({ one, at: text.indexOf(one) })).filter(({ at }) => at >= 0)
    .reduce<{ readonly one: string; readonly at: number } | undefined>(
      (first, next) => first === undefined || next.at < first.at ? next : first,
      undefined,
    );

/** The text of a response, empty at first. */
export const responseText = (tokenizer: Tokenizer, { stop, skipSpecial }: TextOptions): ResponseText => {
  const text = growing(tokenizer, skipSpecial);
  let held = "";
  const released = (more: string, isEnd: boolean): TextPiece => {
    const open = held + more;
    const found = firstStop(open, stop);
    if (found !== undefined) {
      held = "";
      return { text: open.slice(0, found.at), stopped: found.one };
    }
    const keep = isEnd ? 0 : heldLength(open, stop);
    held = open.slice(open.length - keep);
    return { text: open.slice(0, open.length - keep), stopped: undefined };
  };
  return { take: (token) => released(text.take(token), false), end: () => released(text.end(), true) };
};
