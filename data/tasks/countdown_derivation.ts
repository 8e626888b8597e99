/**
 * A random derivation of `countdown`: three or four numbers from 1 to 9, combined pairwise with random operations until one number is left.
 * Problems and demonstrations are both made from derivations. Each depends on one key alone, so the n-th problem or demonstration does not
 * depend on how many were requested.
 */
import { Key, uniform } from "../random.ts";
import { blank, endOfResponse, equals, integers, plus, responseLength, tolerances } from "./countdown_vocabulary.ts";

/** The largest number of a problem, the largest target, and the probability that a problem has four numbers. */
const largestNumber = 9, largestTarget = 40, fourNumbers = 0.5;

/** Cumulative probabilities of + and - (the rest is *), and of the tolerances 0, 2 and 5 (the rest is 12). */
const operationBounds = [0.4, 0.75], toleranceBounds = [0.2, 0.4, 0.7];

/** A problem with one solution; `numbers` are three or four, `tolerance` is an index of `tolerances`, `steps` are tokens. */
export interface Derivation {
  readonly numbers: ReadonlyArray<number>;
  readonly target: number;
  readonly tolerance: number;
  readonly steps: ReadonlyArray<number>;
}

const choose = (bounds: ReadonlyArray<number>, u: number) => {
  const found = bounds.findIndex((bound) => u < bound);
  return found < 0 ? bounds.length : found;
};

/** A derivation under `key`, or null if a result leaves 1 … 63 or the last one is above 40. */
function attempt(key: Key): Derivation | null {
  let draw = 0;
  const next = () => uniform(key, draw++);
  const below = (n: number) => Math.floor(next() * n);
  const numbers = Array.from({ length: next() < fourNumbers ? 4 : 3 }, () => 1 + below(largestNumber));
  const left = [...numbers];
  const steps: Array<number> = [];
  while (left.length > 1) {
    const i = below(left.length);
    const skip = below(left.length - 1);
    const j = skip + (skip >= i ? 1 : 0);
    const operation = plus + choose(operationBounds, next());
    const swap = operation === plus + 1 && left[i] < left[j];
    const a = swap ? left[j] : left[i];
    const b = swap ? left[i] : left[j];
    const result = apply(operation, a, b);
    if (result < 1 || result >= integers) return null;
    steps.push(a, operation, b, equals, result);
    left[Math.min(i, j)] = result;
    left.splice(Math.max(i, j), 1);
  }
  if (left[0] > largestTarget) return null;
  const tolerance = choose(toleranceBounds, next());
  const offset = Math.round((next() * 2 - 1) * (tolerances[tolerance] + 0.499));
  return { numbers, target: Math.min(Math.max(left[0] + offset, 1), largestTarget), tolerance, steps };
}

/** The result of an operation token on two integers. */
export function apply(operation: number, a: number, b: number): number {
  return operation === plus ? a + b : operation === plus + 1 ? a - b : a * b;
}

/** The first derivation under `key` whose numbers belong to the wanted split. */
export function derive(key: Key, test: boolean): Derivation {
  for (let turn = 0;; turn++) {
    const found = attempt(Key.fold(key, turn));
    if (found !== null && isTest(found.numbers) === test) return found;
  }
}

/** Whether these numbers, in any order, belong to the test split: a hash of the multiset assigns about a fifth to it. */
export function isTest(numbers: ReadonlyArray<number>): boolean {
  return ((multiset(numbers) * 40503) % 65536 >> 4) % 5 === 0;
}

/** The multiset of three or four numbers as one integer: sorted, four bits each. */
export function multiset(numbers: ReadonlyArray<number>): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.reduce((hash, number) => hash * 16 + number, 0);
}

/** How many multisets of three or four numbers from 1 to 9 belong to a split. */
export function multisetsOf(test: boolean): number {
  const from = (least: number, numbers: ReadonlyArray<number>): number => {
    const own = numbers.length >= 3 && isTest(numbers) === test ? 1 : 0;
    if (numbers.length === 4) return own;
    let count = own;
    for (let number = least; number <= largestNumber; number++) count += from(number, [...numbers, number]);
    return count;
  };
  return from(1, []);
}

/** The four number tokens of a prompt; the fourth is a blank if there are three numbers. */
export function numberTokens(numbers: ReadonlyArray<number>): ReadonlyArray<number> {
  return numbers.length === 4 ? numbers : [...numbers, blank];
}

/** Response tokens padded with the end token to the full length. */
export function padded(tokens: ReadonlyArray<number>): ReadonlyArray<number> {
  return [...tokens, ...new Array<number>(responseLength - tokens.length).fill(endOfResponse)];
}
