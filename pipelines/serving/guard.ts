/**
 * Who may ask. On a loopback address every request must name a loopback host, so that no page in a browser reaches the server by a name of its own;
 * on others every request needs the key. Bodies must be JSON by their content type, which a page of another origin cannot send unasked; no
 * answer has a CORS header.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { HttpCall } from "./http_server.ts";
import { type ApiError, noKey, statusError } from "./api_error.ts";

/** Whether an address is this machine's own alone. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);

/** The host in a `Host` header, without the port. */
const hostOf = (header: string): string => {
  const inBrackets = /^\[([^\]]*)\](:\d+)?$/.exec(header);
  return inBrackets !== null ? inBrackets[1] : header.replace(/:\d+$/, "");
};

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Whether a request has the key as its bearer token; takes the same time for every wrong one. */
const hasKey = ({ headers }: HttpCall, key: string): boolean => {
  const given = /^Bearer +(.+)$/i.exec(headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(given), digest(key));
};

/** Why a request is refused, if so. `key` is the one that its route asks for; undefined if none. */
export const refusalOf = (call: HttpCall, host: string, key: string | undefined): ApiError | undefined => {
  const { method, headers } = call;
  if (isLoopback(host) && !isLoopback(hostOf(headers.host ?? ""))) {
    return statusError(403, "the Host header names another host than this machine", "host_not_allowed");
  }
  if (key !== undefined && !hasKey(call, key)) return noKey();
  if (method === "POST" && !/^application\/json *(;|$)/i.test(headers["content-type"] ?? "")) {
    return statusError(415, "expected Content-Type application/json");
  }
  return undefined;
};
