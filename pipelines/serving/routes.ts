/** The routes of the server: who may ask for each, and what answers it. */
import { Clock, Effect } from "effect";
import { type Json, parseObject } from "../files/json.ts";
import { type ApiError, badField, badRequest, statusError } from "./api_error.ts";
import { chatCompletions, chatPrompt } from "./chat.ts";
import { completions } from "./completions.ts";
import { refusalOf } from "./guard.ts";
import type { HttpCall } from "./http_server.ts";
import { tokensOf } from "./planned.ts";
import { errorReply, jsonReply, replied, type Reply, textReply } from "./reply.ts";
import { readFields, tokenizeFields } from "./request_fields.ts";
import type { Served } from "./served.ts";
import { updateWeights } from "./weights.ts";

/** The address that the server listens at, and the keys of its routes. */
export interface Access {
  readonly host: string;
  /** The key of every route but `/health`; undefined for none. */
  readonly apiKey: string | undefined;
  /** The folder of weights and the key of their replacement; undefined if they cannot be replaced. */
  readonly updates: { readonly folder: string; readonly key: string } | undefined;
}

interface Route {
  readonly key: "none" | "api" | "updates";
  readonly answer: (served: Served, call: HttpCall, access: Access) => Effect.Effect<Reply, ApiError>;
}

/** Deeper bodies are refused: no field needs more. */
const deepest = 32;

const isTooDeep = (value: unknown, left: number): boolean =>
  typeof value === "object" && value !== null &&
  (left === 0 || Object.values(value).some((one) => isTooDeep(one, left - 1)));

const jsonOf = ({ body }: HttpCall): Effect.Effect<Json, ApiError> =>
  Effect.flatMap(body, (text) => {
    const parsed = parseObject("body", text);
    if (!parsed.ok) return Effect.fail(badRequest("the body is no JSON object"));
    return isTooDeep(parsed.object, deepest)
      ? Effect.fail(badRequest(`the body is nested more than ${deepest} deep`))
      : Effect.succeed(parsed.object);
  });

const posted = (answer: (served: Served, body: Json, access: Access) => Effect.Effect<Reply, ApiError>): Route => ({
  key: "api",
  answer: (served, call, access) => Effect.flatMap(jsonOf(call), (body) => answer(served, body, access)),
});

const models = ({ name, created, limits: { context } }: Served) => ({
  object: "list",
  data: [{ id: name, object: "model", created, owned_by: "signum", root: name, parent: null, max_model_len: context }],
});

const tokenize = Effect.fnUntraced(function* (served: Served, body: Json) {
  const values = yield* Effect.fromResult(readFields(tokenizeFields, body));
  if ((values.prompt === undefined) === (values.messages === undefined)) {
    return yield* badField("prompt", "expected a prompt or messages, one of the two");
  }
  const { tokens } = values.prompt === undefined
    ? yield* chatPrompt(served, values, body)
    : yield* Effect.fromResult(tokensOf(served, values.prompt, "prompt"));
  return jsonReply({ count: tokens.length, max_model_len: served.limits.context, tokens: Array.from(tokens) });
});

const routes: Readonly<Record<string, Route>> = {
  "GET /health": {
    key: "none",
    answer: ({ broken }) =>
      broken === undefined ? Effect.succeed(jsonReply({ status: "ok" })) : Effect.fail(statusError(503, broken)),
  },
  "GET /metrics": {
    key: "api",
    answer: ({ metrics, engine }) =>
      Effect.sync(() => textReply(metrics.text(engine.load()), "text/plain; version=0.0.4; charset=utf-8")),
  },
  "GET /v1/models": { key: "api", answer: (served) => Effect.succeed(jsonReply(models(served))) },
  "POST /v1/completions": posted(completions),
  "POST /v1/chat/completions": posted(chatCompletions),
  "POST /tokenize": posted(tokenize),
  "POST /update_weights_from_disk": {
    ...posted((served, body, { updates }) =>
      updates === undefined
        ? Effect.fail(statusError(404, "weights cannot be replaced: the server has no --update-folder"))
        : updateWeights(served, updates.folder, body)
    ),
    key: "updates",
  },
};

const keyOf = ({ key }: Route, { apiKey, updates }: Access): string | undefined =>
  key === "none" ? undefined : key === "api" ? apiKey : updates?.key ?? apiKey;

/** Why there is no route, with the method that the path has. */
const noRoute = ({ method, path }: HttpCall): ApiError =>
  Object.keys(routes).some((name) => name.endsWith(` ${path}`))
    ? statusError(405, `${path} has no method ${method}`)
    : statusError(404, "no such path");

const answered = (served: Served, access: Access, call: HttpCall): Effect.Effect<Reply> => {
  const name = `${call.method} ${call.path}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  const refusal = refusalOf(call, access.host, route === undefined ? access.apiKey : keyOf(route, access));
  if (refusal !== undefined) return Effect.succeed(errorReply(refusal));
  if (route === undefined) return Effect.succeed(errorReply(noRoute(call)));
  return replied(route.answer(served, call, access)).pipe(
    Effect.catchDefect((defect) =>
      Effect.as(
        Effect.logError(`unexpected failure of ${name}`, defect),
        errorReply(statusError(500, "an unexpected failure")),
      )
    ),
  );
};

/** Answers a request, and counts it. The time of a stream is that until it begins. */
export const handle = (served: Served, access: Access) => (call: HttpCall): Effect.Effect<Reply> =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis;
    const reply = yield* answered(served, access, call);
    const seconds = ((yield* Clock.currentTimeMillis) - start) / 1000;
    const isKnown = Object.keys(routes).some((name) => name.endsWith(` ${call.path}`));
    served.metrics.answered(isKnown ? call.path : "other", reply.status, seconds);
    return reply;
  });
