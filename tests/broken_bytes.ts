/**
 * Broken copies of a file, drawn from a seed, for what must read any file: bytes that change, go missing, come twice, and words that mean
 * something to a parser put where nobody expects them. The same seed gives the same copies on every machine.
 */
import assert from "node:assert/strict";
import { Cause, Effect, Exit } from "effect";
import { integer, Key } from "../data/random.ts";

const words = [
  "null",
  "[]",
  "{}",
  '"',
  "-1",
  "0",
  "1e999",
  "NaN",
  "18446744073709551616",
  '"constructor"',
  '"__proto__"',
  "\\ud800",
  "\x00",
  "\x1b[2J",
  "[".repeat(2000),
  "&a *a",
  "\n",
].map((word) => new TextEncoder().encode(word));

const joined = (...parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** One change; `key` names it. */
const changed = (bytes: Uint8Array, key: Key): Uint8Array => {
  const at = integer(key, 0, bytes.length + 1);
  const length = 1 + integer(key, 1, Math.min(64, bytes.length + 1));
  const [before, here, after] = [bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at + length)];
  switch (integer(key, 2, 6)) {
    case 0:
      return joined(before, here.map((byte, i) => i === 0 ? byte ^ (1 << integer(key, 3, 8)) : byte), after);
    case 1:
      return joined(before, here.map((byte, i) => i === 0 ? integer(key, 3, 256) : byte), after);
    case 2:
      return joined(before, after);
    case 3:
      return joined(before, here, here, after);
    case 4:
      return integer(key, 3, 4) === 0 ? before : joined(before, after, here);
    default:
      return joined(
        before,
        words[integer(key, 3, words.length)],
        integer(key, 4, 2) === 0 ? here : new Uint8Array(),
        after,
      );
  }
};

/** The `i`-th broken copy of some bytes: one to four changes. */
export const brokenBytes = (bytes: Uint8Array, name: string, i: number): Uint8Array => {
  const key = Key.fold(Key.make(0), "broken", name, i);
  let copy = bytes;
  for (let change = 0; change <= integer(key, 0, 4); change++) copy = changed(copy, Key.fold(key, change));
  return copy;
};

/** Longest that one copy may take, in milliseconds; a machine with other things to do is asked again. */
const patience = 1000;

/** Reads the copies of some files; each read ends in a result or in one line that says what is wrong, and none takes a second. */
export const readsAnything = async (
  name: string,
  copies: number,
  files: ReadonlyArray<Uint8Array>,
  read: (bytes: Uint8Array, file: number) => Effect.Effect<unknown, { readonly message: string }>,
): Promise<void> => {
  let [accepted, refused] = [0, 0];
  for (let i = 0; i < copies; i++) {
    const bytes = brokenBytes(files[i % files.length], name, i);
    for (let tries = 1;; tries++) {
      const begun = performance.now();
      const exit = await Effect.runPromiseExit(Effect.suspend(() => read(bytes, i % files.length)));
      const took = performance.now() - begun;
      if (took > patience && tries < 3) continue;
      assert.ok(took <= patience, `${name}: copy ${i} takes ${took} ms`);
      if (Exit.isSuccess(exit)) accepted++;
      else {
        const failure = exit.cause.reasons.find(Cause.isFailReason);
        assert.ok(failure !== undefined, `${name}: copy ${i} ends in ${Cause.pretty(exit.cause)}`);
        const { message } = failure.error;
        assert.ok(message.length < 4000 && !/\n\s+at /.test(message), `${name}: copy ${i}: ${message}`);
        refused++;
      }
      break;
    }
  }
  console.error(`${name}: of ${copies} broken copies ${accepted} are read, ${refused} refused in a line`);
  assert.ok(accepted > 0 && refused > 0, `${name}: ${accepted} read, ${refused} refused`);
};
