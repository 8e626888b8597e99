/**
 * Who may ask. On a loopback address every request must name a loopback host, so that no page in a browser reaches the server by a name of its own;
 * on others every request needs the key. Bodies must be JSON by their content type, which a page of another origin cannot send unasked; no
 * answer has a CORS header.
 */
import { hasBearer, isLoopback, namesThisMachine } from "../files/request_guard.ts";
import type { HttpCall } from "./http_server.ts";
import { type ApiError, noKey, statusError } from "./api_error.ts";

/** Why a request is refused, if so. `key` is the one that its route asks for; undefined if none. */
export const refusalOf = (call: HttpCall, host: string, key: string | undefined): ApiError | undefined => {
  const { method, headers } = call;
  if (isLoopback(host) && !namesThisMachine(headers.host)) {
    return statusError(403, "the Host header names another host than this machine", "host_not_allowed");
  }
  if (key !== undefined && !hasBearer(headers.authorization, key)) return noKey();
  if (method === "POST" && !/^application\/json *(;|$)/i.test(headers["content-type"] ?? "")) {
    return statusError(415, "expected Content-Type application/json");
  }
  return undefined;
};
