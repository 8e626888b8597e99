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

/** Texts of growing lists of tokens: those of one more token, and what is left at the end. */
const growing = (tokenizer: Tokenizer, skipSpecial: boolean) => {
  // The last tokens whose text is out, and those whose text is not.
  let shown: ReadonlyArray<number> = [];
  let hidden: number[] = [];
  const grown = (isEnd: boolean): string => {
    const before = tokenizer.decode(shown, { skipSpecial });
    const after = tokenizer.decode([...shown, ...hidden], { skipSpecial });
    if (!isEnd && (after.length <= before.length || after.endsWith("\ufffd"))) return "";
    shown = hidden;
    hidden = [];
    return after.slice(before.length);
  };
  return {
    take: (token: number): string => {
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
