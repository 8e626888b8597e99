/** The routes of the server: who may ask for each, and what answers it. */
import { Clock, Effect } from "effect";
import type { Json } from "../files/json.ts";
import { oneLine } from "../files/plain_text.ts";
import { type ApiError, badField, statusError } from "./api_error.ts";
import { chatCompletions, chatPrompt } from "./chat.ts";
import { completions } from "./completions.ts";
import { bodyRefusal, refusalOf } from "./guard.ts";
import type { HttpCall } from "./http_server.ts";
import { tokensOf } from "./planned.ts";
import { errorReply, jsonReply, replied, type Reply, textReply } from "./reply.ts";
import { readFields } from "./read_fields.ts";
import { readBody } from "./request_body.ts";
import { tokenizeFields } from "./request_fields.ts";
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

const posted = (answer: (served: Served, body: Json, access: Access) => Effect.Effect<Reply, ApiError>): Route => ({
  key: "api",
  answer: (served, call, access) => {
    const refusal = bodyRefusal(call);
    if (refusal !== undefined) return Effect.fail(refusal);
    const json = Effect.flatMap(call.body, (text) => Effect.fromResult(readBody(text)));
    return Effect.flatMap(json, (body) => answer(served, body, access));
  },
});

const modelOf = ({ name, created, limits: { context } }: Served) => (
  { id: name, object: "model", created, owned_by: "signum", root: name, parent: null, max_model_len: context }
);

const tokenize = Effect.fnUntraced(function* (served: Served, body: Json) {
  const values = yield* Effect.fromResult(readFields(tokenizeFields, body));
  if ((values.prompt === undefined) === (values.messages === undefined)) {
    return yield* badField("prompt", "expected a prompt or messages, one of the two");
  }
  const { tokens } = values.prompt === undefined
    ? yield* chatPrompt(served, values)
    : yield* tokensOf(served, values.prompt, "prompt");
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
  "GET /v1/models": {
    key: "api",
    answer: (served) => Effect.succeed(jsonReply({ object: "list", data: [modelOf(served)] })),
  },
  "GET /v1/models/{model}": { key: "api", answer: (served) => Effect.succeed(jsonReply(modelOf(served))) },
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

/** The path of a call as routes name it. */
const pathOf = ({ name }: Served, { path }: HttpCall): string => {
  const [, model] = /^\/v1\/models\/(.+)$/.exec(path) ?? [];
  return model === name || model === encodeURIComponent(name) ? "/v1/models/{model}" : path;
};

/** The methods of a path. */
const methodsOf = (path: string): ReadonlyArray<string> =>
  Object.keys(routes).filter((name) => name.endsWith(` ${path}`)).flatMap((name) => {
    const [method] = name.split(" ");
    return method === "GET" ? ["GET", "HEAD"] : [method];
  });

/** Why there is no route, with the methods that the path has. */
const noRoute = ({ method }: HttpCall, path: string): Reply => {
  const methods = methodsOf(path);
  const shown = JSON.stringify(oneLine(path, 80));
  if (methods.length === 0) return errorReply(statusError(404, `no such path: ${shown}; the API is below /v1`));
  const reply = errorReply(statusError(405, `${shown} has no method ${method}`));
  return { ...reply, headers: { ...reply.headers, allow: methods.join(", ") } };
};

const answered = (served: Served, access: Access, call: HttpCall): Effect.Effect<Reply> => {
  const path = pathOf(served, call);
  // The listener leaves out the body of an answer to HEAD.
  const name = `${call.method === "HEAD" ? "GET" : call.method} ${path}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  const refusal = refusalOf(call, access.host, route === undefined ? access.apiKey : keyOf(route, access));
  if (refusal !== undefined) return Effect.succeed(errorReply(refusal));
  if (route === undefined) return Effect.succeed(noRoute(call, path));
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
    const path = pathOf(served, call);
    served.metrics.answered(methodsOf(path).length > 0 ? path : "other", reply.status, seconds);
    return reply;
  });
