/** Sampled responses to some prompts along a run, correct and incorrect ones, with the prompt, the verdict and its reason. */
import type * as Records from "../../records/schema.ts";
import { type Html, markup } from "./html.ts";
import { largestPush, type ShownResponse, tokenKey, tokenText } from "./token_text.ts";

/** What is shown of the record of a graded response; one that was not learnt from has no reward. */
type ShownVerdict =
  & Pick<Records.Rewarded, "problemId" | "question" | "correct" | "sampleIndex" | "responseText">
  & Partial<Pick<Records.Rewarded, "goldAnswer" | "answer" | "reason" | "reward" | "finish" | "responseTokens">>
  & { readonly responseLength?: number };

/** A graded response; one that the algorithm dropped has no advantages. */
export interface SampledResponse extends ShownResponse {
  readonly record: ShownVerdict;
}

/** Responses to one prompt, and their origin, such as `w-reinforce, step 60`. */
export interface SampledGroup {
  readonly where: string;
  readonly responses: ReadonlyArray<SampledResponse>;
}

/** Characters of a response that are shown where nothing is known of its tokens. */
const mostCharacters = 4000;

/** The response token by token, or as it is where its tokens or their log-probs are not known. */
const textOf = (response: SampledResponse, largest: number): Html => {
  const { responseText } = response.record;
  if (response.pieces.length > 0 && response.logProbs.length > 0) return tokenText(response, largest);
  const left = responseText.length - mostCharacters;
  return markup`<span class="tokens">${responseText.slice(0, mostCharacters)}</span>${
    left > 0 ? markup`<span class="gap"> … ${left} characters … </span>` : undefined
  }`;
};

const responseOf = (response: SampledResponse, largest: number): Html => {
  const { record, advantages } = response;
  const { correct, answer, reason, reward, finish, sampleIndex } = record;
  const tokens = record.responseTokens?.length ?? record.responseLength;
  const facts = [
    `sample ${sampleIndex}`,
    reward === undefined ? [] : `reward ${reward > 0 ? "+1" : "−1"}`,
    tokens === undefined ? [] : `${tokens} tokens${finish === "length" ? ", cut off" : ""}`,
    reward !== undefined && advantages === undefined ? "not learnt from" : [],
  ].flat().join(", ");
  return markup`<li class="${correct ? "right" : "wrong"}"><p class="verdict"><b>${
    correct ? "✓ correct" : "✗ incorrect"
  }</b> <span class="faint">${facts}</span></p>
<p>${textOf(response, largest)}</p>
<p class="note">answer: ${answer === null || answer === undefined ? "none found" : markup`<code>${answer}</code>`}${
    reason === undefined ? undefined : markup`; ${reason}`
  }</p></li>
`;
};

const groupOf = ({ where, responses }: SampledGroup): Html | undefined => {
  if (responses.length === 0) return undefined;
  const [{ record }] = responses;
  const largest = largestPush(responses);
  return markup`<section class="group"><h3>${where}: <code>${record.problemId}</code></h3>
<dl class="facts"><div><dt>question</dt><dd>${record.question}</dd></div>
${
    record.goldAnswer === undefined
      ? undefined
      : markup`<div><dt>gold answer</dt><dd>${record.goldAnswer}</dd></div>`
  }</dl>
<ul class="responses">${responses.map((response) => responseOf(response, largest))}</ul></section>
`;
};

/** The key to the marks of tokens; undefined if no token is shown by itself. */
const keyOf = (groups: ReadonlyArray<SampledGroup>): Html | undefined => {
  const all = groups.flatMap(({ responses }) => responses);
  if (!all.some(({ pieces, logProbs }) => pieces.length > 0 && logProbs.length > 0)) return undefined;
  const isTraining = all.some(({ record }) => record.reward !== undefined);
  return markup`${tokenKey(all.some(({ advantages }) => advantages !== undefined))}${
    isTraining
      ? markup`<p class="note">Point at a token for its log-prob, entropy and advantage. The push is A(1 − p), what Eqs. (7) and (8) give the token's own logit before averaging; the heaviest line is the hardest push of its prompt.</p>`
      : markup`<p class="note">Point at a token for its log-prob and entropy.</p>`
  }`;
};

/** The section; undefined if there are no responses. */
export const responsesSection = (groups: ReadonlyArray<SampledGroup>): Html | undefined =>
  groups.length === 0 ? undefined : markup`${keyOf(groups)}${groups.map(groupOf)}`;
