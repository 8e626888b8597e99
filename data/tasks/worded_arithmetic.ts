/**
 * Arithmetic in words, for pretrained language models that are too small for MATH: the numbers 1 to 14 by plus, times and minus. A prompt shows
 * one solved line and asks for the next, `7 plus 9 is`; a right response is ` 16: \boxed{16}`. Training and test problems share no number that
 * is asked of: one whose remainder by 5 is 2 or 4 is for testing. The numbers of the solved line are in neither. The problems stand in
 * `data/arithmetic/`.
 */
import { Key, permutation } from "../random.ts";
import type { Split } from "../task.ts";

/** One line of a problem file. */
export interface WordedProblem {
  readonly problem: string;
  readonly answer: string;
}

const largest = 14;

/** The most problems of a test split; a training split has all of its numbers' problems. */
const testProblems = 64;

/** The solved line before each question. */
const solved = "15 plus 20 is 35: \\boxed{35}\n";

const isTested = (n: number): boolean => n % 5 === 2 || n % 5 === 4;

const questions = (a: number, b: number): ReadonlyArray<readonly [question: string, answer: number]> => [
  [`${a} plus ${b}`, a + b],
  [`${a} times ${b}`, a * b],
  ...(a > b ? [[`${a} minus ${b}`, a - b] as const] : []),
];

/** The problems of a split in a fixed random order. */
export function wordedArithmetic(split: Split): ReadonlyArray<WordedProblem> {
  const numbers = Array.from({ length: largest }, (_, i) => i + 1).filter((n) => isTested(n) === (split === "test"));
  const all = numbers.flatMap((a) => numbers.flatMap((b) => questions(a, b)));
  const order = permutation(Key.fold(Key.make(1), "arithmetic", split), all.length);
  return [...order].slice(0, split === "test" ? testProblems : undefined).map((i) => ({
    problem: `${solved}${all[i][0]} is`,
    answer: `${all[i][1]}`,
  }));
}

/** The lines of a split's file. */
export const wordedLines = (split: Split): string =>
  wordedArithmetic(split).map((row) => `${JSON.stringify(row)}\n`).join("");
