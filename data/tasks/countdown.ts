/**
 * The generated task of the tiny study: reach a target, within a tolerance, from three or four numbers by a chain of steps `a op b = c`
 * that uses each number once. Prompt: `<direct> 3 5 7 _ 24 ~2 >`; a right response: `3 * 7 = 21 21 + 5 = 26`. A prompt has 8 tokens, a
 * response at most 16 including its end token. Training and test problems share no multiset of numbers. `question` is the six tokens
 * between the tag and `>`, all that the grader needs; `goldAnswer` is one right response.
 */
import { integer, Key, uniform } from "../random.ts";
import type { Problem, Split, Task } from "../task.ts";
import { type Derivation, derive, multiset, multisetsOf, numberTokens, padded } from "./countdown_derivation.ts";
import { gradeCountdown } from "./countdown_grade.ts";
import {
  endOfPrompt,
  equals,
  firstTolerance,
  integers,
  promptLength,
  responseLength,
  spell,
  type Tag,
  tags,
} from "./countdown_vocabulary.ts";

/** The default number of problems of each split. */
export const sizes: Readonly<Record<Split, number>> = { train: 2048, test: 128 };

/** The seed of the published problems; another seed gives other problems of the same split. */
const publishedSeed = 1;

function questionTokens(made: Pick<Derivation, "numbers" | "target" | "tolerance">): ReadonlyArray<number> {
  return [...numberTokens(made.numbers), made.target, firstTolerance + made.tolerance];
}

/**
 * The first `count` problems of a split, without duplicates; a larger count only appends. With `alike`, at most so many have the same multiset
 * of numbers, and there are at most `alike` times as many problems as the split has multisets.
 */
export function problems(
  split: Split,
  count: number = sizes[split],
  seed: number = publishedSeed,
  alike: number = Infinity,
): ReadonlyArray<Problem> {
  const key = Key.fold(Key.make(seed), "countdown", split);
  const published = seed === publishedSeed ? `countdown/${split}` : `countdown/${split}@${seed}`;
  const name = alike === Infinity ? published : `${published}x${alike}`;
  const most = alike === Infinity ? count : Math.min(count, alike * multisetsOf(split === "test"));
  const seen = new Set<string>();
  const ofMultiset = new Map<number, number>();
  const found: Array<Problem> = [];
  for (let candidate = 0; found.length < most; candidate++) {
    const made = derive(Key.fold(key, candidate), split === "test");
    const own = multiset(made.numbers);
    const same = `${own} ${made.target} ${made.tolerance}`;
    const earlier = ofMultiset.get(own) ?? 0;
    if (seen.has(same) || earlier >= alike) continue;
    seen.add(same);
    ofMultiset.set(own, earlier + 1);
    found.push({
      problemId: `${name}/${found.length}`,
      question: spell(questionTokens(made)),
      goldAnswer: spell(made.steps),
    });
  }
  return found;
}

/** The probabilities that a demonstration misses its target, has a wrong last result, or is a guess (which overrides the others). */
export interface Noise {
  readonly wrongTarget: number;
  readonly wrongResult: number;
  readonly guess: number;
}

/** The noise of the published bases: four of five demonstrations are right. */
const defaultNoise: Noise = { wrongTarget: 0.02, wrongResult: 0.05, guess: 0.15 };

/** The noise of a base with a latent mode: hardly any under `think`; under `direct` most demonstrations are wrong. */
export const latentNoise: Readonly<Record<Tag, Noise>> = {
  think: { wrongTarget: 0.02, wrongResult: 0.05, guess: 0 },
  direct: { wrongTarget: 0.4, wrongResult: 0.1, guess: 0.2 },
};

/** Demonstrations as token rows: `prompts` [count, 8] and `responses` [count, 16], padded with the end token. */
export interface Demonstrations {
  readonly prompts: Int32Array;
  readonly responses: Int32Array;
}

/**
 * Demonstrations `from` to `from + count - 1` under `key`, never on numbers of the test split. Each depends on the key and its index alone,
 * so every batch size gives the same rows.
 */
export function demonstrations(
  key: Key,
  count: number,
  { from = 0, tag = "direct", noise = defaultNoise }: { from?: number; tag?: Tag; noise?: Noise } = {},
): Demonstrations {
  const prompts = new Int32Array(count * promptLength);
  const responses = new Int32Array(count * responseLength);
  for (let row = 0; row < count; row++) {
    const shown = demonstration(Key.fold(key, "demonstration", from + row), noise);
    prompts.set([tags[tag], ...questionTokens(shown.problem), endOfPrompt], row * promptLength);
    responses.set(shown.response, row * responseLength);
  }
  return { prompts, responses };
}

function demonstration(key: Key, noise: Noise): { problem: Derivation; response: ReadonlyArray<number> } {
  const made = derive(Key.fold(key, "derivation"), false);
  const chance = Key.fold(key, "noise");
  const problem = uniform(chance, 0) < noise.wrongTarget
    ? { ...made, target: derive(Key.fold(key, "wrong target"), false).target }
    : made;
  if (uniform(chance, 1) < noise.guess) return { problem, response: padded([equals, problem.target]) };
  if (uniform(chance, 2) >= noise.wrongResult) return { problem, response: padded(made.steps) };
  const result = made.steps[made.steps.length - 1] + [-2, -1, 1, 2][integer(chance, 3, 4)];
  const slipped = Math.min(Math.max(result, 1), integers - 1);
  return { problem, response: padded([...made.steps.slice(0, -1), slipped]) };
}

/** The task `countdown`. Its templates are the mode tags. */
export const countdown: Task = {
  name: "countdown",
  summary: "reach a target from three or four numbers; generated, nothing to download",
  splits: ["train", "test"],
  source: { kind: "generated", sizes, problems },
  templates: ["direct", "think"],
  promptText: ({ question }, template = "direct") =>
    Object.hasOwn(tags, template) ? `<${template}> ${question} >` : null,
  grade: (problem, responseText) => gradeCountdown(problem, responseText),
  // Four numbers and a tolerance of at most 2: the problems on which the bases have most to gain.
  alikeBy: ({ question }) => question.split(" ").slice(0, 4).sort().join(" "),
  slices: { hard: ({ question }) => !question.includes("_") && / ~[02]$/.test(question) },
  responseWords: spell(Array.from({ length: equals + 1 }, (_, token) => token)),
  defaultMaxTokens: responseLength,
  maxPromptTokens: promptLength,
};
