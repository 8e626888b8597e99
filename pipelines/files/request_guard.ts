/** What every server of this project asks of a request: the name of this machine, and a bearer token. */
import { createHash, timingSafeEqual } from "node:crypto";
import { isIPv4 } from "node:net";

/** Whether an address is this machine's own alone. */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));

/** Whether a `Host` header, with or without a port, names this machine: a page elsewhere whose name resolves to it (DNS rebinding) does not. */
export const namesThisMachine = (header: string | undefined): boolean => {
  const inBrackets = /^\[([^\]]*)\](:\d+)?$/.exec(header ?? "");
  return isLoopback((inBrackets !== null ? inBrackets[1] : (header ?? "").replace(/:\d+$/, "")).toLowerCase());
};

const digest = (text: string) => createHash("sha256").update(text).digest();

/** Whether an `Authorization` header has this key as its bearer token; takes the same time for every wrong one. */
export const hasBearer = (header: string | undefined, key: string): boolean =>
  timingSafeEqual(digest(/^Bearer +(.+)$/i.exec(header ?? "")?.[1] ?? ""), digest(key));
