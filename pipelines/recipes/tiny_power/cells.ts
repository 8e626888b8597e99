/**
 * The cells of the study with power, in running order: the choice of learning rates, the bases, the main comparison seed by seed, then every
 * other condition. The main comparison and the bases draw 256 responses per problem, all other cells and points along training 64. Seeds 4 to
 * 6 and the problems of seeds 3 and 4 are in no earlier study.
 */
import type { Settings } from "../../settings/settings.ts";
import type { Cell, CellEvaluation, Evaluation, RateChoice } from "../recipe.ts";
import { tiny } from "../tiny.ts";
import * as Conditions from "./conditions.ts";

type Algorithm = Settings["algorithm"];

const bases = [1, 2, 3, 4, 5];
const seeds = [4, 5, 6];
const few = 64;

const sampling = { ...tiny.evaluations[0].settings, maxTokens: 16 };

/** The reported problems, three to a multiset of the test split, and one to a multiset for the choice of rates. */
export const tinyPowerEvaluations: ReadonlyArray<Evaluation> = [
  { name: Conditions.reported, settings: { ...sampling, limit: 405, alike: 3, problemSeed: 3 } },
  { name: Conditions.forRates, settings: { ...sampling, limit: 135, alike: 1, problemSeed: 4, responses: few } },
];

/** A text as a folder name. */
const plain = (text: string): string => text.replaceAll(/[^\w.-]+/g, "-").replaceAll(/^-|-$/g, "");

/** What cells of one condition share, where it is not the usual. */
export interface CellGroup {
  readonly settings?: Partial<Settings>;
  /** Bases of another kind: in words, and their folders below `data/models` without the number. */
  readonly otherBases?: { readonly kind: string; readonly folder: string };
  readonly seeds?: ReadonlyArray<number>;
  readonly bases?: ReadonlyArray<number>;
  readonly evaluations?: ReadonlyArray<CellEvaluation>;
  readonly rate?: string;
}

/** The reported problems at the end of training. */
export const once: ReadonlyArray<CellEvaluation> = [{ evaluation: Conditions.reported, responses: few }];

/** The reported problems along training. */
export const along = (...at: ReadonlyArray<number>): CellEvaluation => ({
  evaluation: Conditions.reported,
  responses: few,
  at,
});

/** Cells of one condition and algorithm, on every base under the first seed unless said otherwise. */
export const cellsOf = (condition: string, algorithm: Cell["algorithm"], group: CellGroup = {}): ReadonlyArray<Cell> =>
  (group.seeds ?? [seeds[0]]).flatMap((seed) =>
    (group.bases ?? bases).map((base): Cell => ({
      name: `${plain(condition)}_${plain(algorithm.replaceAll("+", "p"))}_base-${base}_seed-${seed}`,
      condition,
      base,
      seed,
      algorithm,
      ...(group.otherBases !== undefined && { baseKind: group.otherBases.kind }),
      settings: { model: `data/models/${group.otherBases?.folder ?? "countdown"}_${base}`, seed, ...group.settings },
      evaluations: group.evaluations ?? once,
      ...(group.rate !== undefined && { rate: group.rate }),
    }))
  );

const condition = (name: string, algorithms: ReadonlyArray<Algorithm>, group: CellGroup = {}) =>
  algorithms.flatMap((algorithm) => cellsOf(name, algorithm, group));

// All objectives have the paper's entropy bonus, so that none has one that others lack.
const alike = { entropyCoef: 1e-4 };
const compared = ["nsr", ...Conditions.laterObjectives] as const;
const rates = [3e-5, 1e-4, 3e-4];

const candidates = (algorithm: Algorithm) =>
  rates.map((learningRate) => ({
    learningRate,
    cells: cellsOf(`rate ${learningRate}`, algorithm, {
      settings: { ...alike, learningRate },
      bases: [1],
      evaluations: [{ evaluation: Conditions.forRates }],
    }),
  }));

const rateCells = compared.flatMap((algorithm) => candidates(algorithm).flatMap(({ cells }) => cells));

/** The choice of each objective's rate, of three, by the mean of Pass@1 and Pass@64 on problems that no claim asks of. */
export const tinyPowerChoices: Readonly<Record<string, RateChoice>> = Object.fromEntries(
  compared.map((algorithm) => [algorithm, {
    evaluation: Conditions.forRates,
    k: few,
    candidates: candidates(algorithm).map(({ learningRate, cells }) => ({
      learningRate,
      cells: cells.map(({ name }) => name),
    })),
  }]),
);

const whole: CellEvaluation = { evaluation: Conditions.reported };
const untrained = seeds.flatMap((seed) => cellsOf("base", "base", { seeds: [seed], evaluations: [whole] }));

const mainOf = (seed: number) => [
  ...condition("main", ["nsr", "w-reinforce", "ppo", "reinforce"], { seeds: [seed], evaluations: [whole] }),
  ...condition("main", ["psr", "grpo"], { seeds: [seed], evaluations: [whole, along(10, 20, 40)] }),
];

const two = seeds.slice(0, 2);
const noisy = Conditions.noises.flatMap((share) => [
  ...condition(Conditions.falseAccepts(share), ["nsr", "psr"], { settings: { falseAccepts: share } }),
  ...condition(Conditions.falseRejects(share), ["nsr", "psr"], { settings: { falseRejects: share } }),
]);

const others = [
  ...condition(Conditions.unsolved, ["nsr"], { seeds: two, settings: { wrongResponses: "unsolved" } }),
  ...condition(Conditions.random, ["nsr"], { seeds: two, settings: { wrongResponses: "random" } }),
  ...condition(Conditions.clipOff, ["nsr", "psr", "w-reinforce"], { seeds: two, settings: { clipRatio: 1e6 } }),
  // 64 problems are two batches per epoch, so the training has 60 epochs.
  ...condition(Conditions.fewProblems, ["nsr", "psr"], {
    settings: { limit: 64, steps: 120, learningRate: 3e-4, testEvery: 20 },
    evaluations: [...once, along(20, 40, 80)],
  }),
  ...compared.flatMap((algorithm) =>
    cellsOf(Conditions.objectives, algorithm, {
      settings: alike,
      rate: algorithm,
      evaluations: algorithm === "nsr" ? once : [...once, along(20, 40)],
    })
  ),
  ...noisy,
  ...condition(Conditions.manyUpdates, ["nsr", "psr", "grpo"], {
    settings: { miniBatch: 2 },
    evaluations: [...once, along(20, 40)],
  }),
  ...condition(Conditions.manyUpdates, ["w-reinforce"], { settings: { miniBatch: 2 } }),
  ...condition(Conditions.manyUpdatesClipOff, ["nsr", "w-reinforce"], { settings: { miniBatch: 2, clipRatio: 1e6 } }),
  ...condition(Conditions.truncatedGraded, ["nsr"], { settings: { maxTokens: 12 } }),
  ...condition(Conditions.truncatedMasked, ["nsr"], { settings: { maxTokens: 12, truncated: "mask" } }),
  ...condition(Conditions.roundedSampler, ["nsr", "psr"], { settings: { injectMismatch: "bf16" } }),
  ...condition(Conditions.staleSampler, ["nsr", "psr"], { settings: { injectMismatch: "stale:1" } }),
  ...[0.03, 0.3].flatMap((lambda) => condition(`lambda ${lambda}`, ["w-reinforce"], { settings: { lambda } })),
  ...["1e-3", "1e-2"].flatMap((value) =>
    condition(`KL ${value}`, ["psr", "nsr"], { settings: { klInLoss: true, klCoef: Number(value) } })
  ),
  ...["1e-2", "1e-1"].flatMap((value) =>
    condition(`entropy bonus ${value}`, ["psr"], { settings: { entropyCoef: Number(value) } })
  ),
];

/** Every cell, in running order. */
export const tinyPowerCells: ReadonlyArray<Cell> = [
  ...rateCells,
  ...untrained,
  ...seeds.flatMap(mainOf),
  ...others,
];
