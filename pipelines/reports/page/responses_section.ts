/** Sampled responses to some prompts along a run, correct and incorrect ones, with the prompt, the verdict and its reason. */
import type * as Records from "../../records/schema.ts";
import { type Html, markup } from "./html.ts";
import { largestPush, type ShownResponse, tokenKey, tokenText } from "./token_text.ts";

/** A graded response; one that the algorithm dropped has no advantages. */
export interface SampledResponse extends ShownResponse {
  readonly record: Records.Rewarded;
}

/** Responses to one prompt, and their origin, such as `w-reinforce, step 60`. */
export interface SampledGroup {
  readonly where: string;
  readonly responses: ReadonlyArray<SampledResponse>;
}

const responseOf = (response: SampledResponse, largest: number): Html => {
  const { record, advantages } = response;
  const { correct, answer, reason, reward, finish, sampleIndex } = record;
  const facts = [
    `sample ${sampleIndex}`,
    `reward ${reward > 0 ? "+1" : "−1"}`,
    `${record.responseTokens.length} tokens${finish === "length" ? ", cut off" : ""}`,
    advantages === undefined ? "not learnt from" : [],
  ].flat().join(", ");
  return markup`<li class="${correct ? "right" : "wrong"}"><p class="verdict"><b>${
    correct ? "✓ correct" : "✗ incorrect"
  }</b> <span class="faint">${facts}</span></p>
<p>${tokenText(response, largest)}</p>
<p class="note">answer: ${answer === null ? "none found" : markup`<code>${answer}</code>`}; ${reason}</p></li>
`;
};

const groupOf = ({ where, responses }: SampledGroup): Html | undefined => {
  if (responses.length === 0) return undefined;
  const [{ record }] = responses;
  const largest = largestPush(responses);
  return markup`<section class="group"><h3>${where}: <code>${record.problemId}</code></h3>
<dl class="facts"><div><dt>question</dt><dd>${record.question}</dd></div>
<div><dt>gold answer</dt><dd>${record.goldAnswer}</dd></div></dl>
<ul class="responses">${responses.map((response) => responseOf(response, largest))}</ul></section>
`;
};

/** The section; undefined if there are no responses. */
export const responsesSection = (groups: ReadonlyArray<SampledGroup>): Html | undefined =>
  groups.length === 0
    ? undefined
    : markup`${
      tokenKey(groups.some(({ responses }) => responses.some(({ advantages }) => advantages !== undefined)))
    }<p class="note">Point at a token for its log-prob, entropy and advantage. The push is A(1 − p), what Eqs. (7) and (8) give the token's own logit before averaging; the heaviest line is the hardest push of its prompt.</p>${
      groups.map(groupOf)
    }`;
