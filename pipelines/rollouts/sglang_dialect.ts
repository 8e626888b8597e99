/**
 * SGLang's own routes, as its documentation describes them: `/generate` takes `input_ids` and gives `output_ids` with the log-prob of each, of the
 * softmax at the sampling temperature (unless the server runs with `SGLANG_RETURN_ORIGINAL_LOGPROB=1`, which it does not tell); one
 * response is an object, several are a list. `/update_weights_from_disk` reads a directory.
 */
import { Result } from "effect";
import { isObject, type Json, jsonExcerpt } from "../files/json.ts";
import { type Dialect, type DrawnResponse, givenOf, unshaped } from "./dialect.ts";

/** The objects of a reply, one a response. */
const responsesIn = (reply: Json): ReadonlyArray<Json> =>
  Array.isArray(reply.list) ? reply.list.filter(isObject) : "meta_info" in reply ? [reply] : [];

const responseOf = ({ output_ids: tokens, meta_info: meta }: Json, i: number): Result.Result<DrawnResponse, string> => {
  const { output_token_logprobs: listed, finish_reason: finish } = isObject(meta) ? meta : {};
  // Each entry is [log-prob, token id, text or null].
  const entries = Array.isArray(listed) && listed.every(Array.isArray) ? listed : undefined;
  const ids = entries?.map(([, id]) => id);
  if (ids !== undefined && Array.isArray(tokens) && ids.join() !== tokens.join()) {
    return Result.fail(`response ${i}: "output_ids" are not those of "output_token_logprobs"`);
  }
  return givenOf(`response ${i}`, {
    tokens: tokens ?? ids,
    logProbs: entries?.map(([logProb]) => logProb) ?? listed,
    finish: isObject(finish) ? finish.type : finish,
  });
};

/** SGLang's. */
export const sglangDialect: Dialect = {
  most: 128,
  request: ({ prompt, count, maxTokens }, { temperature, stopTokens }) => ({
    path: "/generate",
    body: {
      input_ids: Array.from(prompt.promptTokens),
      sampling_params: {
        n: count,
        temperature,
        ...unshaped,
        max_new_tokens: maxTokens,
        stop_token_ids: stopTokens,
        skip_special_tokens: false,
      },
      return_logprob: true,
      stream: false,
    },
  }),
  read: (reply) => Result.all(responsesIn(reply).map(responseOf)),
  refits: ({ dir }) => [{
    request: { path: "/update_weights_from_disk", body: { model_path: dir, flush_cache: true }, isUpdate: true },
    fault: ({ success, message }) => success === true ? undefined : jsonExcerpt(message),
  }],
};
