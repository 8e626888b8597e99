/**
 * When a failed request is sent again: after half a second, doubled each time up to a minute, each wait shortened by up to a half by a draw
 * that has a name, so that requests that failed together do not come back together and a run can be told again. A server that says how long
 * (`Retry-After`, in seconds or as a date) is given that long at least.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import { type Key, uniform } from "../../data/random.ts";

const first = 500;
const longest = 60_000;
/** What a server may ask to wait, at most. */
const patience = 3_600_000;

/** Milliseconds to wait before try `attempt` (from 1) of what `key` names. */
export const backOff = (key: Key, attempt: number, asked: number | undefined): number => {
  const full = Math.min(longest, first * Elementary.pow(2, attempt - 1));
  const wait = full * (1 - uniform(key, attempt) / 2);
  return Math.min(patience, Math.max(wait, asked ?? 0));
};

/** The milliseconds that a `Retry-After` header asks for at the time `now`; undefined where it says nothing that can be read. */
export const retryAfter = (header: string | null, now: number): number | undefined => {
  const text = header?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(text)) return 1000 * Number(text);
  const date = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
};
