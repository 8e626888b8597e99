/**
 * The figures of an evaluation, for all problems and for each part of them (a task's slices, the levels and types of MATH): Pass@k with its
 * interval and cons@k at every k, greedy accuracy where greedy responses were drawn besides, the mean length of responses and the share that was
 * cut off.
 */
import { tasks } from "../../data/mod.ts";
import { mean } from "../../data/statistics.ts";
import { equivalent } from "../../data/grading/equivalence.ts";
import type { EvaluationRow } from "../records/rows.ts";
import { passAtK, tally } from "../stages/pass_at_k.ts";
import type { UntokenizedPrompt } from "../stages/prompt.ts";
import { consAtK, type Same } from "./consensus.ts";
import type { Fact } from "./facts.ts";

/** The title of an evaluation in tables: model, task and sampling. */
export interface Title {
  readonly label: string;
  readonly task: string;
  readonly evaluation: string;
}

/** Fields that group problems, besides the task's slices. */
const groupings = ["level", "type", "subject"] as const;

/** The problems of each part by the part's name, `all` first; empty parts are left out. */
export const partsOf = (prompts: ReadonlyArray<UntokenizedPrompt>): ReadonlyMap<string, ReadonlySet<string>> => {
  const parts = new Map<string, Set<string>>([["all", new Set(prompts.map(({ problemId }) => problemId))]]);
  const add = (name: string, problemId: string) => parts.set(name, (parts.get(name) ?? new Set()).add(problemId));
  const [task] = prompts.map((prompt) => tasks[prompt.task]);
  for (const [name, holds] of Object.entries(task?.slices ?? {})) {
    for (const prompt of prompts) if (holds(prompt)) add(name, prompt.problemId);
  }
  for (const grouping of groupings) {
    const named = prompts.flatMap((prompt) => {
      const fields: Readonly<Record<string, unknown>> = { ...prompt };
      const value = fields[grouping];
      return typeof value === "string" && value !== "" ? [[value, prompt.problemId] as const] : [];
    });
    for (const [value, problemId] of named.toSorted(([a], [b]) => a < b ? -1 : a > b ? 1 : 0)) add(value, problemId);
  }
  return parts;
};

/** The equivalence of answers in a vote: the grader's for mathematics, the text alone for generated problems. */
export const sameOf = (task: string): Same => tasks[task]?.source.kind === "files" ? equivalent : () => false;

/** Greedy accuracy with its interval, of one greedy response to each problem; nothing without any. */
const greedyOf = (facts: ReadonlyArray<Fact>, draws: number) => {
  if (facts.length === 0) return {};
  const [{ passAtK: greedyAccuracy, low: greedyLow, high: greedyHigh }] = passAtK(tally(facts), [1], draws);
  return { greedyAccuracy, greedyLow, greedyHigh };
};

/**
 * One row per part and k. `facts` are in the order of problems and sample indices, at least as many per problem as the largest k; `greedy` are those
 * of one greedy response to each problem, or none.
 */
export const figuresOf = (
  prompts: ReadonlyArray<UntokenizedPrompt>,
  facts: ReadonlyArray<Fact>,
  ks: ReadonlyArray<number>,
  draws: number,
  title: Title,
  greedy: ReadonlyArray<Fact> = [],
): ReadonlyArray<EvaluationRow> => {
  const byProblem = Map.groupBy(facts, ({ problemId }) => problemId);
  const same = sameOf(title.task);
  const votes = new Map([...byProblem].map(([problemId, own]) => [problemId, consAtK(own, ks, same)]));
  return [...partsOf(prompts)].flatMap(([slice, problems]) => {
    const own = [...problems].flatMap((problemId) => byProblem.get(problemId) ?? []);
    const lengths = own.flatMap(({ tokens }) => tokens ?? []);
    const cuts = own.flatMap(({ truncated }) => truncated === undefined ? [] : truncated ? 1 : 0);
    const greedyOnes = greedyOf(greedy.filter(({ problemId }) => problems.has(problemId)), draws);
    return passAtK(tally(own), ks, draws).map((row, i) => ({
      ...title,
      ...row,
      slice,
      consAtK: mean([...problems].flatMap((problemId) => votes.get(problemId)?.[i] ?? [])),
      ...greedyOnes,
      responses: own.length,
      ...(lengths.length > 0 && { meanResponseLength: mean(lengths) }),
      ...(cuts.length > 0 && { truncatedRatio: mean(cuts) }),
    }));
  });
};
