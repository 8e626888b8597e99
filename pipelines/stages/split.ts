/**
 * Splits correct from incorrect responses and weights each sign as the algorithm requires (PSR 1 and 0, NSR 0 and 1, W-REINFORCE lambda and
 * 1, all others 1 and 1). Responses of weight 0 are dropped here, before scoring and training, and so are whole groups by an algorithm that
 * learns from some groups only (DAPO, NGRPO), which reads all input first. `--wrong-responses` chooses among the wrong responses: a random choice
 * depends on the run's seed, the step, the problem and the sample alone.
 */
import { Effect, Stream, Struct } from "effect";
import { Key, uniform } from "../../data/random.ts";
import { type Algorithm, signOf } from "../algorithms/algorithm.ts";
import { type AlgorithmName, algorithms, dropsGroups } from "../algorithms/mod.ts";
import * as Records from "../records/schema.ts";
import { makeStage } from "./stage.ts";
import { algorithmSettings, loss, schedule, signals } from "../settings/groups.ts";
import type { Settings } from "../settings/settings.ts";

/** The fields that a selection of responses may depend on. */
type Splittable =
  & Pick<Records.Rewarded, "reward">
  & Partial<Pick<Records.Rewarded, "problemId" | "sampleIndex" | "seed">>;

type Selection = Partial<Pick<Settings, "wrongResponses" | "step">>;

/** The responses that the algorithm uses, in order, with their sign and weight. */
export const split = <A extends Splittable>(
  batch: ReadonlyArray<A>,
  settings: { readonly algorithm: AlgorithmName; readonly lambda: number } & Selection,
): ReadonlyArray<A & Pick<Records.Signed, "sign" | "weight">> => {
  const algorithm: Algorithm = algorithms[settings.algorithm];
  return groupsKept(wrongKept(batch, settings), algorithm).flatMap((rewarded) => {
    const sign = signOf(rewarded.reward);
    const weight = algorithm.weight(sign, settings);
    return weight === 0 ? [] : [{ ...rewarded, sign, weight }];
  });
};

/** The batch with the wrong responses that training learns from: all, those to problems that nobody solved, or as many at random. */
const wrongKept = <A extends Splittable>(
  batch: ReadonlyArray<A>,
  { wrongResponses = "all", step = 0 }: Selection,
): ReadonlyArray<A> => {
  if (wrongResponses === "all") return batch;
  const isWrong = ({ reward }: A) => signOf(reward) === "negative";
  const solved = new Set(batch.filter((one) => !isWrong(one)).map(({ problemId }) => problemId));
  const wrong = batch.filter(isWrong);
  const unsolved = wrong.filter(({ problemId }) => !solved.has(problemId));
  const chanceOf = ({ seed = 0, problemId = "", sampleIndex = 0 }: A) =>
    uniform(Key.fold(Key.make(seed), "wrong responses", step, problemId, sampleIndex), 0);
  const chances = new Map(wrong.map((one) => [one, chanceOf(one)]));
  const drawn = wrong.toSorted((a, b) => (chances.get(a) ?? 0) - (chances.get(b) ?? 0)).slice(0, unsolved.length);
  const kept = new Set(wrongResponses === "unsolved" ? unsolved : drawn);
  return batch.filter((one) => !isWrong(one) || kept.has(one));
};

/** The responses of the groups that an algorithm keeps, in order. */
const groupsKept = <A extends Splittable>(
  batch: ReadonlyArray<A>,
  { keepsGroup }: Algorithm,
): ReadonlyArray<A> => {
  if (keepsGroup === undefined) return batch;
  const groups = Map.groupBy(batch, ({ problemId }) => problemId);
  const kept = new Set([...groups].filter(([, group]) => keepsGroup(group)).map(([problemId]) => problemId));
  return batch.filter(({ problemId }) => kept.has(problemId));
};

/** Rewarded to Signed; drops responses of weight 0, and groups that the algorithm does not keep. */
export const splitStage = makeStage({
  name: "split",
  summary: "Keeps the responses that the algorithm trains on and sets their weights",
  settings: {
    ...Struct.pick(loss, ["algorithm", "lambda"]),
    ...algorithmSettings,
    ...Struct.pick(signals, ["wrongResponses"]),
    ...Struct.pick(schedule, ["step"]),
  },
  input: Records.Rewarded,
  needs: ["reward"],
  needsUnder: ({ algorithm, wrongResponses }) =>
    wrongResponses === "random"
      ? ["seed", "problemId", "sampleIndex"]
      : dropsGroups(algorithm) || wrongResponses === "unsolved"
      ? ["problemId"]
      : [],
  output: Records.Signed,
  run: (input, config) => {
    if (dropsGroups(config.algorithm) || (config.wrongResponses ?? "all") !== "all") {
      return Stream.fromArrayEffect(Effect.map(Stream.runCollect(input), (batch) => split(batch, config)));
    }
    return Stream.map(input, (rewarded) => split([rewarded], config).at(0)).pipe(
      Stream.filter((signed): signed is Records.Signed => signed !== undefined),
    );
  },
});
