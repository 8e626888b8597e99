/**
 * What `tiny-power` left out for want of time: clip x updates a batch x lambda, training four times as long, PPO along training, and a padded
 * vocabulary (bases pretrained with 64 ids that the tokenizer does not know) masked or not. Two claims of `tiny-power` on clipping are asked again
 * on the way. One seed on five bases, on problems of a problem seed of its own; all claims are exploratory. Claims, thresholds and settings
 * were written down before its first cell had run.
 */
import type { StudyClaim } from "../../records/claim.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Cell, Recipe, Sweep } from "../recipe.ts";
import { studyClaims } from "../tiny_full/claims.ts";
import { above, below, claimsAt, gain, main, many, models, nameOf, point, within } from "../tiny_full/conditions.ts";
import { along, type CellGroup, cellsOf, once, tinyPowerEvaluations } from "./cells.ts";
import { clipOff, manyUpdates, manyUpdatesClipOff, reported } from "./conditions.ts";
import { tinyPower } from "./tiny_power.ts";

const oneUpdate = "one update a batch";
const long = "long";
const masked = "64 surplus ids, masked";
const kept = "64 surplus ids, kept";

/** Lambda 0, 0.1 and 1. */
const lambdas = ["nsr", "w-reinforce", "reinforce"] as const;

const cells = (condition: string, algorithms: ReadonlyArray<Cell["algorithm"]>, group: CellGroup = {}) =>
  algorithms.flatMap((algorithm) => cellsOf(condition, algorithm, { seeds: [9], ...group }));

/** The conditions beside the main one, which clips and makes four updates a batch: in words, and their settings. */
const factors: ReadonlyArray<readonly [condition: string, words: string, settings: Partial<Settings>]> = [
  // With one update a batch every ratio is 1, and nothing is clipped.
  [oneUpdate, "With one update a batch", { miniBatch: 32 }],
  [manyUpdates, "With 16 updates a batch", { miniBatch: 2 }],
  [clipOff, "Without clipping, with four updates a batch,", { clipRatio: 1e6 }],
  [manyUpdatesClipOff, "Without clipping, with 16 updates a batch,", { miniBatch: 2, clipRatio: 1e6 }],
];

const padded = (condition: string, paddedVocabulary: "mask" | "keep") =>
  cells(condition, ["base", "nsr", "psr"], {
    otherBases: { kind: "bases with ids that the tokenizer does not know", folder: "countdown_padded" },
    settings: { paddedVocabulary },
  });

const restCells: ReadonlyArray<Cell> = [
  ...cells("base", ["base"]),
  ...cells(main, [...lambdas, "psr"]),
  ...cells(main, ["ppo"], { evaluations: [...once, along(10, 20, 40)] }),
  ...padded(masked, "mask"),
  ...padded(kept, "keep"),
  ...factors.flatMap(([condition, , settings]) => cells(condition, lambdas, { settings })),
  // As in `tiny-full`: at the larger rate.
  ...cells(long, ["nsr", "w-reinforce", "psr"], {
    settings: { steps: 240, learningRate: 3e-4, testEvery: 20 },
    evaluations: [...once, along(60, 120, 180)],
  }),
];

const factorial: ReadonlyArray<StudyClaim> = [
  ...lambdas.flatMap((algorithm) => {
    const [four, one, sixteen] = [main, oneUpdate, manyUpdates].map((condition) => models(algorithm, condition));
    return claimsAt("beyond the paper: clip x updates x lambda", {
      [`clip-off-pass-at-1-${algorithm}`]: [
        `Without clipping ${nameOf(algorithm)}'s Pass@1 is within a point of that with it`,
        within(point, gain(1, models(algorithm, clipOff), four)),
      ],
      [`many-updates-need-the-clip-${algorithm}`]: [
        `With 16 updates a batch ${nameOf(algorithm)} without clipping is below that with it at Pass@1`,
        below(0, gain(1, models(algorithm, manyUpdatesClipOff), sixteen)),
      ],
      [`one-update-below-four-${algorithm}`]: [
        `With one update a batch ${nameOf(algorithm)} is below that with four at Pass@1`,
        below(0, gain(1, one, four)),
      ],
      [`sixteen-updates-above-four-${algorithm}`]: [
        `With 16 updates a batch ${nameOf(algorithm)} is above that with four at Pass@1`,
        above(0, gain(1, sixteen, four)),
      ],
      [`sixteen-updates-cost-coverage-${algorithm}`]: [
        `With 16 updates a batch ${nameOf(algorithm)} is below that with four at k = 64`,
        below(0, gain(many, sixteen, four)),
      ],
    });
  }),
  ...[[main, "With four updates a batch"] as const, ...factors].flatMap(([condition, words]) =>
    ["nsr", "w-reinforce"].flatMap((algorithm) =>
      claimsAt("beyond the paper: clip x updates x lambda", {
        [`${algorithm}-above-reinforce-${condition.replaceAll(/\W+/g, "-")}`]: [
          `${words} ${nameOf(algorithm)} is above REINFORCE at k = 64`,
          above(0, gain(many, models(algorithm, condition), models("reinforce", condition))),
        ],
      })
    )
  ),
];

const isAskedAgain = ({ id }: StudyClaim): boolean => id.startsWith("long-") || id === "slower-road-ppo";

const asLong: ReadonlyArray<StudyClaim> = [
  ...studyClaims.filter(isAskedAgain),
  ...claimsAt("beyond the paper: long training", {
    "four-times-as-long-nsr-above-psr": [
      "Four times as long, NSR is above PSR at k = 64",
      above(0, gain(many, models("nsr", long), models("psr", long))),
    ],
  }),
];

const paddedClaims: ReadonlyArray<StudyClaim> = ["base", "nsr", "psr"].flatMap((algorithm) =>
  [1, many].flatMap((k) =>
    claimsAt("beyond the paper: a padded vocabulary", {
      [`padded-${algorithm}-at-${k}`]: [
        `With 64 surplus ids, ${
          algorithm === "base" ? "the base" : nameOf(algorithm)
        } that keeps them is within a point of that which ` +
        `masks them, at k = ${k}`,
        within(point, gain(k, models(algorithm, kept), models(algorithm, masked))),
      ],
    })
  )
);

const updates = (setting: string, conditions: ReadonlyArray<readonly [value: string, condition: string]>) =>
  lambdas.map((algorithm): Sweep => ({
    setting,
    series: algorithm,
    points: conditions.map(([value, condition]) => ({ value, condition, algorithm })),
  }));

/** The recipe of `deno task reproduce --recipe tiny-power-rest`. */
export const tinyPowerRest: Recipe = {
  name: "tiny-power-rest",
  summary:
    "What tiny-power left out: clip x updates x lambda, long training, PPO along training, a padded vocabulary; an hour on two CPU cores",
  settings: tinyPower.settings,
  evaluations: tinyPowerEvaluations.filter((one) => one.name === reported)
    .map((one) => ({ ...one, settings: { ...one.settings, problemSeed: 6 } })),
  cells: restCells,
  claims: [...factorial, ...asLong, ...paddedClaims],
  byFamilies: true,
  sweeps: [
    ...updates("updates a batch", [["1", oneUpdate], ["4", main], ["16", manyUpdates]]),
    ...updates("updates a batch, without clipping", [["1", oneUpdate], ["4", clipOff], ["16", manyUpdatesClipOff]]),
  ],
  after: {
    study: "tiny-full",
    differs:
      "`tiny-power-rest` judges claims by families, on five bases with one seed each, three of them the same, and on other problems.",
  },
};
