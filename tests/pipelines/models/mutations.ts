/** Files as chance damages them, from a seed: bytes and values that are changed, left out, doubled, or taken from a list of usual suspects. */
import { bits, Key } from "../../../data/random.ts";

/** A source of whole numbers below a limit. */
export type Chance = (below: number) => number;

/** The chance of one mutation of one test. */
export const chanceOf = (seed: number, test: string, mutation: number): Chance => {
  const key = Key.fold(Key.make(seed), "fuzz", test, mutation);
  let drawn = 0;
  return (below) => bits(key, drawn++) % below;
};

const pick = <A>(chance: Chance, list: ReadonlyArray<A>): A => list[chance(list.length)];

/** Values that readers trip over. */
const suspects: ReadonlyArray<unknown> = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  1,
  2,
  3,
  64,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e12,
  1e300,
  -1e300,
  5e-324,
  "",
  "1",
  "constructor",
  "__proto__",
  "full_attention",
  "default",
  "yarn",
  "llama3",
  "linear",
  "Sequence",
  "ByteLevel",
  "Split",
  "\u0000",
  "\ud800",
  "é🙂\n",
  "x".repeat(5000),
  [],
  {},
  [null],
  [[]],
  [1, "2"],
  { type: "default" },
  { rope_type: "yarn", factor: 4 },
  { Regex: "(a+)+$" },
  { Regex: "[" },
  { String: "" },
];

/** A JSON text with one to three of its values changed; one in four has bytes changed instead. */
export const mutateJson = (text: string, chance: Chance): Uint8Array<ArrayBuffer> => {
  if (chance(4) === 0) return mutateBytes(new TextEncoder().encode(text), chance);
  const value: unknown = JSON.parse(text);
  for (let times = 1 + chance(3); times > 0; times--) change(value, chance);
  return new TextEncoder().encode(JSON.stringify(value));
};

/** Changes one value somewhere below an object or list, in place. */
const change = (value: unknown, chance: Chance): void => {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Record<string, unknown>;
  const keys = Object.keys(holder);
  if (keys.length === 0) return;
  const key = pick(chance, keys);
  // Long lists (a vocabulary) are entered seldom, so that the parts around them have their turn.
  if (typeof holder[key] === "object" && holder[key] !== null && chance(3) > 0) return change(holder[key], chance);
  switch (chance(4)) {
    case 0:
      delete holder[key];
      return;
    case 1:
      holder[key] = holder[pick(chance, keys)];
      return;
    default:
      holder[key] = structuredClone(pick(chance, suspects));
  }
};

/** Bytes of which some are changed, left out, doubled or cut off. */
export const mutateBytes = (bytes: Uint8Array, chance: Chance): Uint8Array<ArrayBuffer> => {
  let list = Uint8Array.from(bytes);
  for (let times = 1 + chance(4); times > 0; times--) {
    const at = chance(Math.max(1, list.length));
    switch (chance(5)) {
      case 0:
        list = Uint8Array.from([...list.subarray(0, at), ...list.subarray(at + 1 + chance(8))]);
        break;
      case 1:
        list = Uint8Array.from([...list.subarray(0, at), chance(256), ...list.subarray(at)]);
        break;
      case 2:
        if (chance(8) === 0) list = list.slice(0, at);
        else list[at] = chance(256);
        break;
      default:
        // The bytes of infinities and of what is no number, and of what is no UTF-8.
        list.set([pick(chance, [0xff, 0x7f, 0x80, 0x00, 0xc0])].slice(0, list.length - at), at);
    }
  }
  return list;
};
