/**
 * vLLM's OpenAI server, as its documentation describes it: token ids in and out (`return_token_ids`), log-probs of the drawn tokens. Every sampling
 * field is named, since the server's defaults come from the model's generation_config. Its log-probs are of the softmax at temperature 1
 * unless it runs with `--logprobs-mode processed_logprobs`; `/server_info` says so. That route, `/collective_rpc` and
 * `/reset_prefix_cache` are there under `VLLM_SERVER_DEV_MODE=1`. `reload_weights` reads the directory that the server was started with.
 */
import { Result } from "effect";
import { isObject, type Json, jsonExcerpt } from "../files/json.ts";
import { choicesOf, type Dialect, givenOf, unshaped } from "./dialect.ts";

const noFault = () => undefined;

/** vLLM's. */
export const vllmDialect: Dialect = {
  most: 128,
  request: ({ prompt, count, maxTokens }, { temperature, model, stopTokens }) => ({
    path: "/v1/completions",
    body: {
      model,
      prompt: Array.from(prompt.promptTokens),
      n: count,
      temperature,
      ...unshaped,
      max_tokens: maxTokens,
      stop_token_ids: stopTokens,
      logprobs: 1,
      return_token_ids: true,
      skip_special_tokens: false,
      stream: false,
    },
  }),
  read: (reply) =>
    Result.all(
      choicesOf(reply).map(({ token_ids: tokens, finish_reason: finish, logprobs }, i) =>
        givenOf(`choices[${i}]`, { tokens, finish, logProbs: isObject(logprobs) ? logprobs.token_logprobs : undefined })
      ),
    ),
  refits: () => [
    { request: { path: "/collective_rpc", body: { method: "reload_weights" }, isUpdate: true }, fault: noFault },
    { request: { path: "/reset_prefix_cache", body: {}, isUpdate: true }, fault: noFault },
  ],
  about: {
    model: {
      request: { path: "/v1/models" },
      read: ({ data }) => {
        const name = Array.isArray(data) && isObject(data[0]) ? data[0].id : undefined;
        return typeof name === "string"
          ? Result.succeed(name)
          : Result.fail(`field "data": expected a model, found ${jsonExcerpt(data)}`);
      },
    },
    fault: {
      request: { path: "/server_info?config_format=json" },
      read: (reply, { temperature }) => {
        const mode = modeIn(reply);
        return mode === "processed_logprobs" || temperature === 1
          ? undefined
          : `its log-probs (${mode}) ignore --temperature ${temperature}: start it with --logprobs-mode processed_logprobs`;
      },
    },
  },
};

/** The log-probs mode in the server's configuration; "unknown mode" if it does not say. */
const modeIn = ({ vllm_config: config }: Json): string => {
  const model = isObject(config) ? config.model_config : undefined;
  const mode = isObject(model) ? model.logprobs_mode : undefined;
  return typeof mode === "string" ? mode : "unknown mode";
};
