/**
 * A completions server on the loopback that behaves as vLLM's: it checks what it is asked, answers with choices, token ids, log-probs and
 * usage, and goes wrong by a plan that is drawn from a seed: it drops connections before and within a reply, cuts the JSON short, answers
 * 429 with Retry-After, 500 and 503, and takes its time.
 */
import { Buffer } from "node:buffer";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { integer, Key, uniform } from "../../../data/random.ts";

/** What the server says to a prompt; `index` counts the choices of one request. */
export interface Answer {
  readonly text: string;
  readonly tokens: ReadonlyArray<number>;
  readonly logProbs: ReadonlyArray<number>;
  readonly finish: "stop" | "length";
}

/** A request as it came; `complete` once its whole reply was handed to the connection. */
export interface Seen {
  readonly body: Readonly<Record<string, unknown>>;
  readonly authorization: string | undefined;
  readonly fault: Fault;
  complete: boolean;
}

const faults = ["drop", "break", "cut", "limit", "error", "unavailable"] as const;

/** What goes wrong with a request. */
export type Fault = typeof faults[number] | "none" | "refuse";

/** How a server behaves. */
export interface Behaviour {
  readonly model: string;
  readonly answer: (prompt: unknown, seed: number, index: number) => Answer | undefined;
  /** The share of requests that go wrong, and the seed of which do. */
  readonly faulty?: number;
  readonly seed?: number;
  /** Milliseconds that an answer takes, at most. */
  readonly delay?: number;
  readonly apiKey?: string;
  /** Fields that it refuses as unknown. */
  readonly unknown?: ReadonlyArray<string>;
  /** Gives one choice whatever `n` is. */
  readonly single?: boolean;
  /** Answers all requests with this status. */
  readonly status?: number;
}

/** A running server: where it is, what it was asked, and its end. */
export interface MockServer {
  readonly url: string;
  readonly seen: ReadonlyArray<Seen>;
  readonly close: () => Promise<void>;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
};

const refusal = (message: string, type: string, code: number) =>
  JSON.stringify({ error: { message, type, param: null, code } });

/** What is wrong with a request, as vLLM's own checks have it. */
const problemOf = (
  body: Readonly<Record<string, unknown>>,
  behaviour: Behaviour,
): readonly [number, string] | undefined => {
  const unknown = behaviour.unknown?.find((name) => name in body);
  if (unknown !== undefined) return [400, `Unrecognized request argument supplied: ${unknown}`];
  if (body.model !== behaviour.model) return [404, `The model \`${body.model}\` does not exist.`];
  if (typeof body.prompt !== "string" && !Array.isArray(body.prompt)) return [400, "prompt: expected text or tokens"];
  if (!Number.isInteger(body.n) || Number(body.n) < 1) return [400, "n must be at least 1"];
  if (!Number.isInteger(body.max_tokens) || Number(body.max_tokens) < 1) return [400, "max_tokens must be at least 1"];
  if (body.top_k !== undefined && body.top_k !== -1 && !(Number(body.top_k) >= 1)) {
    return [400, `top_k must be -1 (disable), or at least 1, got ${body.top_k}.`];
  }
  return undefined;
};

const send = (response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}) => {
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(text);
};

/** Starts a server on a free port of the loopback. */
export const start = (behaviour: Behaviour): Promise<MockServer> => {
  const seen: Seen[] = [];
  const key = Key.fold(Key.make(behaviour.seed ?? 0), "mock");
  let requests = 0;
  const faultOf = (request: number): Fault =>
    uniform(key, 2 * request) < (behaviour.faulty ?? 0) ? faults[integer(key, 2 * request + 1, faults.length)] : "none";

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const text = await bodyOf(request);
    const number = requests++;
    if (request.method !== "POST" || request.url !== "/v1/completions") {
      return send(response, 404, refusal("Not Found", "NotFoundError", 404));
    }
    const body: Record<string, unknown> = JSON.parse(text);
    const fault = faultOf(number);
    const one: Seen = { body, authorization: request.headers.authorization, fault, complete: false };
    seen.push(one);
    if (behaviour.apiKey !== undefined && one.authorization !== `Bearer ${behaviour.apiKey}`) {
      return send(response, 401, refusal("Unauthorized", "AuthenticationError", 401));
    }
    if (behaviour.status !== undefined) {
      return send(response, behaviour.status, refusal("as planned", "Planned", behaviour.status));
    }
    const problem = problemOf(body, behaviour);
    if (problem !== undefined) return send(response, problem[0], refusal(problem[1], "BadRequestError", problem[0]));
    if (behaviour.delay !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, behaviour.delay! * uniform(key, 1_000_000 + number)));
    }
    switch (fault) {
      case "drop":
        return request.socket.destroy();
      case "limit":
        return send(response, 429, refusal("Too many requests", "RateLimitError", 429), { "retry-after": "0.3" });
      case "error":
        return send(response, 500, "Internal Server Error");
      case "unavailable": {
        const soon = new Date(Date.now() + 500).toUTCString();
        return send(response, 503, "<html>Service Unavailable</html>", { "retry-after": soon });
      }
    }
    const count = behaviour.single ? 1 : Number(body.n);
    const answers = Array.from({ length: count }, (_, i) => behaviour.answer(body.prompt, Number(body.seed), i));
    if (answers.some((answer) => answer === undefined)) {
      return send(response, 400, refusal("a prompt that nobody recorded", "BadRequestError", 400));
    }
    const choices = answers.flatMap((answer, index) =>
      answer === undefined ? [] : [{
        index,
        text: answer.text,
        logprobs: body.logprobs === undefined ? null : {
          text_offset: answer.tokens.map(() => 0),
          token_logprobs: answer.logProbs,
          tokens: answer.tokens.map((token) => `token_id:${token}`),
          top_logprobs: answer.tokens.map((token, i) => ({ [`token_id:${token}`]: answer.logProbs[i] })),
        },
        finish_reason: answer.finish,
        stop_reason: null,
        token_ids: body.return_token_ids === true ? answer.tokens : null,
      }]
    );
    const reply = JSON.stringify({
      id: `cmpl-${number}`,
      object: "text_completion",
      created: 0,
      model: behaviour.model,
      choices,
      usage: {
        prompt_tokens: 1,
        completion_tokens: choices.reduce((sum, { token_ids }) => sum + (token_ids?.length ?? 0), 0),
      },
    });
    if (fault === "cut") return send(response, 200, reply.slice(0, Math.floor(reply.length * 0.7)));
    if (fault === "break") {
      response.writeHead(200, {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(reply)),
      });
      return response.write(reply.slice(0, Math.floor(reply.length / 2)), () => request.socket.destroy());
    }
    one.complete = true;
    send(response, 200, reply);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => request.socket.destroy());
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      resolve({
        url: `http://127.0.0.1:${port}`,
        seen,
        close: () =>
          new Promise((closed) => {
            server.closeAllConnections();
            server.close(() => closed());
          }),
      });
    });
  });
};
