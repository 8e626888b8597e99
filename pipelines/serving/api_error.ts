/** A refusal in the shape of the OpenAI API: `{"error": {"message", "type", "param", "code"}}`, with a status. */
import * as Schema from "@effect/schema";

/** A request that is not answered; `param` names the field, `retryAfter` the seconds after which another try may succeed. */
export class ApiError extends Schema.TaggedError<ApiError>()("ApiError", {
  status: Schema.Number,
  message: Schema.String,
  param: Schema.UndefinedOr(Schema.String),
  code: Schema.UndefinedOr(Schema.String),
  retryAfter: Schema.UndefinedOr(Schema.Number),
}) {}

const refusal = (
  status: number,
  message: string,
  { param, code, retryAfter }: { readonly param?: string; readonly code?: string; readonly retryAfter?: number } = {},
) => new ApiError({ status, message, param, code, retryAfter });

/** 400: a field has a value that cannot be used. */
export const badField = (param: string, problem: string): ApiError =>
  refusal(400, `field "${param}": ${problem}`, { param });

/** 400: a request that is not understood as a whole. */
export const badRequest = (message: string): ApiError => refusal(400, message);

/** 401 without a key or with a wrong one. */
export const noKey = (): ApiError =>
  refusal(401, "expected the server's key as a bearer token", { code: "invalid_api_key" });

/** 403, 404, 405, 408, 413, 415, 500, 503 with a message. */
export const statusError = (status: number, message: string, code?: string): ApiError =>
  refusal(status, message, code === undefined ? {} : { code });

/** 429: the queue is full. */
export const tooMany = (queue: number): ApiError =>
  refusal(429, `the queue is full: ${queue} responses wait (--queue)`, { code: "queue_full", retryAfter: 1 });

const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  429: "rate_limit_error",
  500: "server_error",
  503: "server_error",
};

/** The body of a refusal. */
export const errorBody = ({ status, message, param, code }: ApiError) => ({
  error: { message, type: types[status] ?? "invalid_request_error", param: param ?? null, code: code ?? null },
});
