/**
 * A response token by token. The background is darker the less probable the token was. The underline shows the direction of the update
 * (solid: more likely, dashed: less) and, by its width, its size |A (1 - p)|: the change of the token's own logit in Eqs. (7) and (8)
 * before averaging, at ratio 1 and without entropy bonus and KL.
 */
import * as Elementary from "../../../data/elementary/mod.ts";
import { type Html, markup } from "./html.ts";

/** A response to show; lists are [T], `pieces` the text of each token. */
export interface ShownResponse {
  readonly pieces: ReadonlyArray<string>;
  readonly logProbs: ArrayLike<number>;
  readonly entropy?: ArrayLike<number>;
  readonly advantages?: ArrayLike<number>;
}

/** Tokens shown from the beginning and the end of a response. */
const [firstTokens, lastTokens] = [240, 120];

/** The least probability of each background, from the lightest. */
const grounds = [0.99, 0.9, 0.6, 0.3, 0.1] as const;

/** The darkness of the background of a token of probability `p`: 0 to 5. */
const groundOf = (p: number): number => {
  const found = grounds.findIndex((least) => p >= least);
  return found < 0 ? grounds.length : found;
};

/** A number with three digits, or in scientific notation if it is small. */
export const signedText = (value: number): string =>
  (Math.abs(value) < 0.0005 && value !== 0 ? value.toExponential(1) : value.toFixed(3)).replaceAll("-", "−");

/** A probability as text. */
export const probabilityText = (p: number): string =>
  p > 0.9995 && p < 1 ? "> 0.999" : p < 0.001 ? "< 0.001" : p.toFixed(3);

/** The size of a token's update, A (1 - p). */
export const pushOf = (advantage: number, logProb: number): number => -advantage * Elementary.expm1(logProb);

const tokenOf = (shown: ShownResponse, i: number, largest: number): Html => {
  const { pieces, logProbs, entropy, advantages } = shown;
  const p = Elementary.exp(logProbs[i]);
  const advantage = advantages?.[i];
  const push = advantage === undefined ? 0 : pushOf(advantage, logProbs[i]);
  const weight = largest === 0 ? 0 : Math.ceil(3 * Math.abs(push) / largest);
  const said = [
    `log-prob ${signedText(logProbs[i])} (p ${probabilityText(p)})`,
    entropy === undefined ? [] : `entropy ${signedText(entropy[i])}`,
    advantage === undefined ? [] : [`advantage ${signedText(advantage)}`, `push ${signedText(push)}`],
  ].flat(2).join(", ");
  const side = weight === 0 || Math.abs(push) < 1e-4 ? "" : push > 0 ? ` up w${weight}` : ` down w${weight}`;
  const piece = pieces[i] === "" ? "·" : pieces[i].replaceAll("\n", "⏎\n");
  return markup`<span class="t g${groundOf(p)}${side}" title="${said}">${piece}</span>`;
};

/** The tokens, without the middle of a long response; `largest` is the size of the update with the widest underline. */
export const tokenText = (shown: ShownResponse, largest: number): Html => {
  const count = Math.min(shown.pieces.length, shown.logProbs.length);
  const all = Array.from({ length: count }, (_, i) => i);
  const isLong = count > firstTokens + lastTokens;
  const [begin, end] = isLong ? [all.slice(0, firstTokens), all.slice(-lastTokens)] : [all, []];
  const gap = isLong ? markup`<span class="gap"> … ${count - firstTokens - lastTokens} tokens … </span>` : undefined;
  return markup`<span class="tokens">${begin.map((i) => tokenOf(shown, i, largest))}${gap}${
    end.map((i) => tokenOf(shown, i, largest))
  }</span>`;
};

/** The largest update of some responses. */
export const largestPush = (responses: ReadonlyArray<ShownResponse>): number =>
  responses.reduce((largest, { logProbs, advantages }) => {
    let most = largest;
    for (let i = 0; i < (advantages?.length ?? 0); i++) {
      most = Math.max(most, Math.abs(pushOf(advantages?.[i] ?? 0, logProbs[i])));
    }
    return most;
  }, 0);

/** The key of backgrounds and underlines. */
export const tokenKey = (hasPush: boolean): Html =>
  markup`<p class="tokenkey" aria-hidden="true"><span>probability of the token:</span>${
    [
      "≥ 0.99",
      "≥ 0.9",
      "≥ 0.6",
      "≥ 0.3",
      "≥ 0.1",
      "below",
    ].map((text, i) => markup` <span class="t g${i}">${text}</span>`)
  }${
    hasPush
      ? markup` <span>the update pushes it</span> <span class="t up w2">up</span> <span class="t down w2">down</span> <span>(a heavier line: harder)</span>`
      : undefined
  }</p>
`;

/** The text of each token in sequence; a character of several tokens belongs to the last of them. */
export const piecesOf = (
  tokens: ArrayLike<number>,
  decode: (tokens: ReadonlyArray<number>) => string,
): ReadonlyArray<string> => {
  const list = Array.from(tokens);
  let from = 0;
  let done = 0;
  return list.map((_, i) => {
    const before = decode(list.slice(from, done));
    const after = decode(list.slice(from, i + 1));
    if (after.length <= before.length || (after.endsWith("\ufffd") && i - done < 8 && i + 1 < list.length)) return "";
    from = done;
    done = i + 1;
    return after.slice(before.length);
  });
};
