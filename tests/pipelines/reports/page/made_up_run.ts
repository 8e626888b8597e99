/** A made-up run of one step, NSR on two countdown problems with three responses each, as `train` writes it; nothing is sampled. */
import { tasks } from "../../../../data/mod.ts";
import type { Explained } from "../../../../pipelines/records/explained.ts";
import { encode } from "../../../../pipelines/records/record.ts";
import type * as Records from "../../../../pipelines/records/schema.ts";
import { defaults, type Settings } from "../../../../pipelines/settings/settings.ts";
import { advantage } from "../../../../pipelines/stages/advantage.ts";
import { dynamics, factsOf } from "../../../../pipelines/stages/dynamics.ts";
import { reward } from "../../../../pipelines/stages/reward.ts";
import { split } from "../../../../pipelines/stages/split.ts";
import { verify } from "../../../../pipelines/stages/verify.ts";

const settings: Settings = {
  ...defaults,
  model: "nowhere/model",
  task: "countdown",
  algorithm: "nsr",
  prompts: 2,
  responses: 3,
  miniBatch: 2,
  learningRate: 1e-4,
  steps: 1,
};

/** What a response could be that nobody wanted in a page. */
export const wild = "<script>alert(1)</script>";

const prompts: ReadonlyArray<Records.Prompt> = ["7", "8"].map((name) => ({
  task: "countdown",
  split: "train",
  problemId: `countdown/train/${name}`,
  question: "8 7 1 2 4 ~0",
  goldAnswer: "2 + 1 = 3 8 + 3 = 11 11 - 7 = 4",
  promptText: "<direct> 8 7 1 2 4 ~0 >",
  promptTokens: Int32Array.from([1, 2, 3]),
}));

const texts = ["2 + 1 = 3 8 + 3 = 11 11 - 7 = 4", wild, "8 * 1 = 8"];

const rollouts: ReadonlyArray<Records.Rollout> = prompts.flatMap((prompt) =>
  texts.map((responseText, sampleIndex) => ({
    ...prompt,
    sampleIndex,
    seed: 1,
    temperature: 1,
    responseText,
    responseTokens: Int32Array.from([5, 6, 7]),
    logProbs: Float32Array.from([-0.5, -2.25, -0.001]),
    entropy: Float32Array.from([0.25, 1.5, 0.01]),
    finish: "stop" as const,
  }))
);

const graded = rollouts.map((rollout) => reward(verify(rollout, tasks.countdown, "strict")));
const signed = split(graded, settings);
const scored = signed.map((record) => ({ ...record, oldLogProbs: record.logProbs }));
const part = { loss: 0.5, gradNorm: 0.75, clipFraction: 0, approxKl: 0, meanEntropy: 0.5, tokens: 12 };
const gradient: Records.Gradient = {
  artifact: "a".repeat(64),
  ...part,
  positive: { ...part, tokens: 0 },
  negative: part,
};
const state = { model: "b".repeat(64), optimizer: "c".repeat(64), step: 1 };

const lines = (records: ReadonlyArray<object>): string => records.map((record) => `${encode(record)}\n`).join("");

/** The files of the run by name. */
export const runFiles: Readonly<Record<string, string>> = {
  "config.json": `${JSON.stringify({ ...settings, base: "d".repeat(64), out: "runs/made-up" })}\n`,
  "metrics.ndjson": lines([{ step: 1, correctRatio: 0.5, fullySolvedRatio: 0, meanEntropy: 0.4, gradNorm: 0.75 }]),
  "steps/000001/prompt.ndjson": lines(prompts),
  "steps/000001/sample.ndjson": lines(rollouts),
  "steps/000001/verify.ndjson": lines(rollouts.map((rollout) => verify(rollout, tasks.countdown, "strict"))),
  "steps/000001/reward.ndjson": lines(graded),
  "steps/000001/dynamics.ndjson": lines([dynamics(graded.map(factsOf))]),
  "steps/000001/split.ndjson": lines(signed),
  "steps/000001/score.ndjson": lines(scored),
  "steps/000001/advantage.ndjson": lines(advantage(scored, settings)),
  "steps/000001/gradient.ndjson": lines([gradient]),
  "steps/000001/update.ndjson": lines([state]),
};

/** Writes the run into a folder. */
export const writeRun = async (folder: string): Promise<void> => {
  await Deno.mkdir(`${folder}/steps/000001`, { recursive: true });
  for (const [name, text] of Object.entries(runFiles)) await Deno.writeTextFile(`${folder}/${name}`, text);
};

/** One explained token of each sign, of one point: three tokens at .5, .3 and .2, the first one sampled. */
export const explained: ReadonlyArray<Explained> = (["positive", "negative"] as const).map((sign) => {
  const up = sign === "positive" ? 1 : -1;
  const moves = Float32Array.from([0.25, -0.15, -0.1], (move) => up * move);
  return {
    problemId: "countdown/train/7",
    sampleIndex: sign === "positive" ? 0 : 1,
    sign,
    position: 0,
    before: "",
    token: 5,
    tokenText: "8",
    probability: 0.5,
    oldProbability: 0.5,
    tokenEntropy: 1.03,
    advantage: up,
    clipped: false,
    factor: 1,
    paperUpdate: moves[0],
    kernelUpdate: moves[0],
    deviation: 2e-6,
    scaledDeviation: 1e-6,
    entropyUpdate: 1e-5,
    shownTokens: Int32Array.from([5, 6, 7]),
    shownTexts: ["8", "7", "="],
    shownProbabilities: Float32Array.from([0.5, 0.3, 0.2]),
    shownPaper: moves,
    shownKernel: moves,
  };
});
