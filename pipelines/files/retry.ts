/**
 * The wait before a failed request is retried: half a second, doubled each time up to a minute. A keyed random draw shortens each wait by
 * up to a half, so that requests that failed together are not retried together and a run is reproducible. If a server names a wait
 * (`Retry-After`, in seconds or as a date), the wait is at least that long.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import { type Key, uniform } from "../../data/random.ts";

const first = 500;
const longest = 60_000;
/** The longest wait that a server may ask for, in milliseconds. */
const patience = 3_600_000;

/** Milliseconds to wait before try `attempt` (from 1) of the request with this key. */
export const backOff = (key: Key, attempt: number, asked: number | undefined): number => {
  const full = Math.min(longest, first * Elementary.pow(2, attempt - 1));
  const wait = full * (1 - uniform(key, attempt) / 2);
  return Math.min(patience, Math.max(wait, asked ?? 0));
};

/** The wait in milliseconds of a `Retry-After` header at the time `now`; undefined if it cannot be read. */
export const retryAfter = (header: string | null, now: number): number | undefined => {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return 1000 * Number(text);
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};
