/**
 * The cells of the full study, in running order. Seed 1 of every base comes first: the main comparison, single steps, the latent mode,
 * every ablation, and the main comparison at three times the learning rate. Seeds 2 and 3 follow, so an interrupted study already has all
 * tables and claims on the three bases. `claims.ts` names the conditions. The main comparison and the larger rate draw 256 responses per
 * problem, all other cells 64 (256 at two points along training on seed 1). All evaluations but those of the larger rate and of ablations
 * along training are repeated on other test problems.
 */
import { asPublished, asTrained, firstStep, inStrongMode, latent, latentBase, wideStep } from "./conditions.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Cell, CellEvaluation, Evaluation, Sweep } from "../recipe.ts";
import { tiny } from "../tiny.ts";

type Algorithm = Settings["algorithm"];

const bases = [1, 2, 3];
const all: ReadonlyArray<Algorithm> = ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"];

const again = (evaluation: string): string => `${evaluation} on other problems`;
const few = 64;

/** The evaluations of `tiny`, each repeated on other problems, and the strong mode of the bases that have one. */
export const tinyFullEvaluations: ReadonlyArray<Evaluation> = [
  ...tiny.evaluations,
  ...tiny.evaluations.filter(({ name }) => name === asPublished).map(({ name, settings }) => ({
    name: again(name),
    repeats: name,
    settings: { ...settings, problemSeed: 2 },
  })),
  { name: inStrongMode, settings: { ...tiny.evaluations[0].settings, template: "think" } },
];

/** A text as a folder name: `entropy bonus 1e-2` becomes `entropy-bonus-1e-2`. */
const plain = (text: string): string => text.replaceAll(/[^\w.-]+/g, "-");

const cell = (
  condition: string,
  algorithm: Cell["algorithm"],
  base: number,
  seed: number,
  settings: Partial<Settings>,
  evaluations: ReadonlyArray<CellEvaluation>,
): Cell => ({
  name: `${plain(condition)}_${algorithm}_base-${base}_seed-${seed}`,
  condition,
  base,
  seed,
  algorithm,
  settings: { model: `data/models/countdown_${base}`, seed, ...settings },
  evaluations,
});

const both = (
  one: CellEvaluation,
): ReadonlyArray<CellEvaluation> => [one, { ...one, evaluation: again(one.evaluation) }];

const whole = [...both({ evaluation: asPublished }), { evaluation: asTrained }];

/** Steps that are evaluated along training; at those in `wide`, seed 1 of the main comparison draws 256 responses. */
const along = [5, 10, 20, 40];
const wide = [10, 40];

/** One cell per base with the same training. */
const onBases = (
  condition: string,
  algorithms: ReadonlyArray<Cell["algorithm"]>,
  seed: number,
  settings: Partial<Settings>,
  evaluations: ReadonlyArray<CellEvaluation>,
): ReadonlyArray<Cell> =>
  bases.flatMap((base) => algorithms.map((algorithm) => cell(condition, algorithm, base, seed, settings, evaluations)));

/** Every base under a seed. Each seed draws its own responses; all cells of a base and seed are compared with them. */
const untrained = (seed: number) => onBases("base", ["base"], seed, {}, whole);

const main = (seed: number) =>
  onBases("main", all, seed, {}, [
    ...whole,
    ...(seed === 1
      ? [
        { evaluation: asPublished, at: wide },
        { evaluation: asPublished, at: along.filter((step) => !wide.includes(step)), responses: few },
        { evaluation: again(asPublished), at: wide, responses: few },
      ]
      : [{ evaluation: asPublished, at: along, responses: few }]),
  ]);

const largerRate = (seed: number) =>
  onBases("lr 3e-4", all, seed, { learningRate: 3e-4 }, [{ evaluation: asPublished }]);

/** A step from every base, measured token by token. */
const steps = (condition: string, seed: number, settings: Partial<Settings> = {}) =>
  onBases(condition, ["base"], seed, settings, []).map((one) => ({ ...one, insights: true }));

/** A change to the main condition on seed 1 of every base, evaluated with few responses at the end and along training. */
const ablation = (
  condition: string,
  algorithms: ReadonlyArray<Algorithm>,
  settings: Partial<Settings>,
  at: ReadonlyArray<number> = [],
): ReadonlyArray<Cell> =>
  algorithms.flatMap((algorithm) =>
    onBases(condition, [algorithm], 1, settings, [
      ...both({ evaluation: asPublished, responses: few }),
      ...(at.length === 0 ? [] : [{ evaluation: asPublished, responses: few, at }]),
    ])
  );

const bonuses = ["1e-3", "1e-2", "1e-1"];
const penalties = ["1e-3", "1e-2"];

const ablations = [
  // 64 problems are two batches per epoch, so the training has 60 epochs.
  ...ablation(
    "few problems",
    ["psr", "nsr", "grpo", "w-reinforce"],
    { limit: 64, steps: 120, learningRate: 3e-4, testEvery: 20 },
    [5, 10, 20, 40, 80],
  ),
  ...ablation("clip off", ["psr", "nsr", "w-reinforce"], { clipRatio: 1e6 }),
  // A mini-batch is 32, 8 (main) or 2 of the batch's 32 prompts: 1, 4 or 16 updates if no sign is dropped.
  ...ablation("one update a batch", ["psr", "nsr", "reinforce"], { miniBatch: 32 }),
  ...ablation("16 updates a batch", ["psr", "nsr", "grpo"], { miniBatch: 2 }, along),
  ...[0.03, 0.3].flatMap((lambda) => ablation(`lambda ${lambda}`, ["w-reinforce"], { lambda })),
  ...bonuses.flatMap((value) => ablation(`entropy bonus ${value}`, ["psr"], { entropyCoef: Number(value) })),
  // Four times as many steps, at the larger rate.
  ...ablation("long", ["nsr", "w-reinforce"], { steps: 240, learningRate: 3e-4, testEvery: 20 }, [60, 120, 180]),
  ...ablation("normalised advantage", ["psr", "nsr"], { normalizeAdvantage: true, entropyCoef: 0 }),
  ...ablation("normalised advantage, bonus", ["psr"], { normalizeAdvantage: true }),
  ...penalties.flatMap((value) => ablation(`KL ${value}`, ["psr", "nsr"], { klInLoss: true, klCoef: Number(value) })),
  ...ablation("lr 1e-3", ["psr", "nsr", "grpo", "w-reinforce"], { learningRate: 1e-3 }, along),
];

/** The base that is strong under `think`, trained under `direct` and evaluated in both modes. */
const modes: ReadonlyArray<CellEvaluation> = [
  ...both({ evaluation: asPublished, responses: few }),
  { evaluation: inStrongMode, responses: few },
];
const latentOf = (condition: string, algorithm: Cell["algorithm"]) =>
  bases.map((base) => ({
    ...cell(condition, algorithm, base, 1, { model: `data/models/countdown_latent_${base}` }, modes),
    baseKind: "bases with a latent mode",
  }));
const latentMode = [
  ...latentOf(latentBase.condition, "base"),
  ...(["psr", "nsr", "grpo", "w-reinforce"] as const).flatMap((algorithm) => latentOf(latent, algorithm)),
];

/** Every cell, in running order: seed 1 of every base, then the other seeds. */
export const tinyFullCells: ReadonlyArray<Cell> = [
  ...untrained(1),
  ...main(1),
  ...steps(firstStep, 1),
  ...latentMode,
  ...ablations,
  // One mini-batch of 256 prompts, some of which are solved; only the tokens of its first responses are measured.
  ...steps(wideStep, 1, { prompts: 256, miniBatch: 256, first: 16 }),
  ...largerRate(1),
  ...[2, 3].flatMap((seed) => [...untrained(seed), ...main(seed), ...largerRate(seed), ...steps(firstStep, seed)]),
];

const rates = [["1e-4", "main"], ["3e-4", "lr 3e-4"], ["1e-3", "lr 1e-3"]] as const;
const batches = [["1", "one update a batch"], ["4", "main"], ["16", "16 updates a batch"]] as const;

/** The settings that the figure of sweeps draws. */
export const tinyFullSweeps: ReadonlyArray<Sweep> = [
  {
    setting: "lambda (0 is NSR, 1 is REINFORCE)",
    series: "w-reinforce",
    points: [
      { value: "0", condition: "main", algorithm: "nsr" },
      { value: "0.03", condition: "lambda 0.03", algorithm: "w-reinforce" },
      { value: "0.1", condition: "main", algorithm: "w-reinforce" },
      { value: "0.3", condition: "lambda 0.3", algorithm: "w-reinforce" },
      { value: "1", condition: "main", algorithm: "reinforce" },
    ],
  },
  {
    setting: "entropy coefficient",
    series: "psr",
    points: [
      { value: "1e-4", condition: "main", algorithm: "psr" },
      ...bonuses.map((value) => ({ value, condition: `entropy bonus ${value}`, algorithm: "psr" })),
    ],
  },
  ...["psr", "nsr", "w-reinforce", "grpo"].map((algorithm) => ({
    setting: "learning rate",
    series: algorithm,
    points: rates.map(([value, condition]) => ({ value, condition, algorithm })),
  })),
  ...["psr", "nsr"].map((algorithm) => ({
    setting: "updates a batch",
    series: algorithm,
    points: batches.map(([value, condition]) => ({ value, condition, algorithm })),
  })),
];
