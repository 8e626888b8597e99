/**
 * Who may ask. On a loopback address every request must name a loopback host, so that no page in a browser reaches the server by a name of its own;
 * on others every request needs the key. Bodies must be JSON by their content type, which a page of another origin cannot send unasked; no
 * answer has a CORS header.
 */
import { oneLine } from "../files/plain_text.ts";
import { hasBearer, isLoopback, namesThisMachine } from "../files/request_guard.ts";
import type { HttpCall } from "./http_server.ts";
import { type ApiError, noKey, statusError } from "./api_error.ts";

/** Why a request is refused, if so. `key` is the one that its route asks for; undefined if none. */
export const refusalOf = ({ headers }: HttpCall, host: string, key: string | undefined): ApiError | undefined => {
  if (isLoopback(host) && !namesThisMachine(headers.host)) {
    return statusError(403, "the Host header names another host than this machine", "host_not_allowed");
  }
  return key !== undefined && !hasBearer(headers.authorization, key) ? noKey() : undefined;
};

/** The charset that a content type names, in lower case; UTF-8 if it names none. */
const charsetOf = (type: string): string => /; *charset *= *"?([^\s;"]*)/i.exec(type)?.[1].toLowerCase() ?? "utf-8";

/** Why a body of this type and encoding is not read, if so. */
export const bodyRefusal = ({ headers }: HttpCall): ApiError | undefined => {
  const { "content-type": type = "", "content-encoding": encoding = "identity" } = headers;
  if (!/^application\/json *(;|$)/i.test(type)) return statusError(415, "expected Content-Type application/json");
  if (!["utf-8", "utf8", "us-ascii"].includes(charsetOf(type))) {
    return statusError(415, `expected the charset utf-8, found ${oneLine(charsetOf(type), 80)}`);
  }
  return /^identity$/i.test(encoding)
    ? undefined
    : statusError(415, `expected a body without Content-Encoding, found ${oneLine(encoding, 80)}`);
};
