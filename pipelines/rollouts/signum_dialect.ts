/**
 * This project's own server (`serving/`). A request names the rollout, so the server draws with the random key of `sample`; with the same weights
 * on the same kind of device the response, its log-probs and its entropy have the same bytes.
 */
import { Result } from "effect";
import { isObject, jsonExcerpt } from "../files/json.ts";
import { choicesOf, type Dialect, givenOf } from "./dialect.ts";

/** `serve`'s. */
export const signumDialect: Dialect = {
  most: 128,
  request: ({ prompt, first, count, maxTokens }, { temperature, topP, topK, seed, step }) => ({
    path: "/v1/completions",
    body: {
      prompt: Array.from(prompt.promptTokens),
      n: count,
      temperature,
      top_p: topP,
      top_k: topK,
      max_tokens: maxTokens,
      return_token_ids: true,
      rollout: { seed, step, problem_id: prompt.problemId, sample_index: first },
    },
  }),
  read: (reply, { sha256 }) => {
    if (reply.system_fingerprint !== sha256) {
      const found = jsonExcerpt(reply.system_fingerprint);
      return Result.fail(`field "system_fingerprint": expected the weights ${sha256}, found ${found}`);
    }
    return Result.all(
      choicesOf(reply).map(({ token_ids: tokens, finish_reason: finish, rollout }, i) =>
        givenOf(`choices[${i}]`, { tokens, finish, logProbs: isObject(rollout) ? rollout.log_probs : undefined })
      ),
    );
  },
  refits: ({ name, sha256 }) => [{
    request: { path: "/update_weights_from_disk", body: { model_path: name }, isUpdate: true },
    fault: ({ weights }) =>
      weights === sha256 ? undefined : `expected the weights ${sha256}, found ${jsonExcerpt(weights)}`,
  }],
};
