/**
 * The numbers that the paper prints (arXiv 2506.01347, version 1, the authors' PDF in TianHongZXY/RLVR-Decomposed at commit 054ea5e): Table
 * 1, and the Pass@k of Qwen3-4B that Section 3.2 gives in words. No number is read off a figure. All are percentages as printed, from 256
 * samples (Qwen2.5-Math-7B) or 64 (Qwen3-4B) per problem. Table 1 uses the checkpoint that was best on the test set of MATH; no report here
 * does.
 */

/** The methods of Table 1 by their `--algorithm` names, and the model before training. */
export type Method = "base" | "grpo" | "ppo" | "psr" | "nsr" | "w-reinforce";

/** The tasks of Table 1, by the names of `data/mod.ts`. */
export type PublishedTask = "math" | "aime-2025" | "amc-23";

/** One row: Pass@k in percent for each of `ks`. */
export interface PublishedRow {
  readonly model: string;
  readonly task: PublishedTask;
  readonly method: Method;
  readonly passAtK: ReadonlyMap<number, number>;
  readonly where: string;
}

/** The k of Table 1. */
export const ks: ReadonlyArray<number> = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const table1Values: Readonly<Record<PublishedTask, Readonly<Record<Method, ReadonlyArray<number>>>>> = {
  math: {
    base: [63.2, 76.0, 83.7, 88.4, 91.6, 93.7, 95.2, 96.2, 96.9],
    grpo: [76.3, 81.7, 85.6, 88.4, 90.6, 92.3, 93.6, 94.7, 95.5],
    ppo: [76.6, 82.6, 86.7, 89.6, 91.7, 93.4, 94.7, 95.6, 96.3],
    psr: [74.1, 78.3, 81.6, 84.1, 86.2, 87.9, 89.3, 90.4, 91.2],
    nsr: [75.7, 82.4, 86.9, 90.1, 92.4, 94.1, 95.3, 96.2, 96.9],
    "w-reinforce": [76.6, 82.8, 87.1, 90.2, 92.4, 94.1, 95.3, 96.1, 96.7],
  },
  "aime-2025": {
    base: [6.1, 9.7, 13.8, 17.9, 22.2, 26.5, 30.8, 36.6, 46.7],
    grpo: [10.3, 14.7, 19.4, 24.0, 28.4, 32.8, 37.3, 42.5, 50.0],
    ppo: [8.5, 13.2, 18.0, 22.5, 26.6, 30.3, 33.8, 37.9, 43.3],
    psr: [11.6, 14.1, 16.2, 18.6, 21.7, 25.7, 30.9, 36.9, 43.3],
    nsr: [10.0, 14.6, 19.2, 24.1, 29.3, 34.6, 40.2, 46.0, 53.3],
    "w-reinforce": [10.6, 15.3, 20.0, 24.7, 29.7, 34.6, 40.5, 47.8, 56.7],
  },
  "amc-23": {
    base: [41.0, 56.2, 69.2, 78.9, 85.1, 89.1, 92.9, 97.2, 100.0],
    grpo: [61.7, 68.7, 74.6, 80.0, 85.1, 89.7, 93.4, 95.9, 97.5],
    ppo: [62.0, 70.0, 76.1, 80.9, 85.3, 89.5, 93.1, 96.0, 97.5],
    psr: [62.6, 69.9, 74.5, 77.5, 80.3, 83.5, 87.2, 90.6, 92.5],
    nsr: [60.9, 70.0, 77.4, 83.2, 87.6, 91.1, 94.5, 97.9, 100.0],
    "w-reinforce": [62.0, 70.0, 77.0, 83.1, 87.8, 91.8, 95.2, 97.1, 97.5],
  },
};

const publishedTasks: ReadonlyArray<PublishedTask> = ["math", "aime-2025", "amc-23"];
const methods: ReadonlyArray<Method> = ["base", "grpo", "ppo", "psr", "nsr", "w-reinforce"];

/** Table 1: Qwen2.5-Math-7B, every task and method, in the order printed. */
export const table1: ReadonlyArray<PublishedRow> = publishedTasks.flatMap((task) =>
  methods.map((method) => ({
    model: "Qwen2.5-Math-7B",
    task,
    method,
    passAtK: new Map(table1Values[task][method].map((percent, i) => [ks[i], percent])),
    where: "Table 1",
  }))
);

/** Section 3.2: Qwen3-4B on MATH; `base` is the model in thinking mode, the others are trained and measured without thinking. */
export const qwen3InWords: ReadonlyArray<PublishedRow> = [
  { method: "base" as const, model: "Qwen3-4B (thinking)", values: [94.5, 97.8] },
  { method: "nsr" as const, model: "Qwen3-4B (non-thinking)", values: [94.0, 98.0] },
  { method: "grpo" as const, model: "Qwen3-4B (non-thinking)", values: [93.9, 98.2] },
].map(({ method, model, values }) => ({
  model,
  task: "math",
  method,
  passAtK: new Map([[1, values[0]], [64, values[1]]]),
  where: "Section 3.2",
}));
