/**
 * Splits correct from incorrect responses and weights each sign as the algorithm requires (PSR 1 and 0, NSR 0 and 1, W-REINFORCE lambda and
 * 1, all others 1 and 1). Responses of weight 0 are dropped here, before scoring and training, and so are whole groups by an algorithm that
 * learns from some groups only (DAPO, NGRPO), which reads all input first.
 */
import { Effect, Stream, Struct } from "effect";
import { type Algorithm, signOf } from "../algorithms/algorithm.ts";
import { type AlgorithmName, algorithms, dropsGroups } from "../algorithms/mod.ts";
import * as Records from "../records/schema.ts";
import { makeStage } from "./stage.ts";
import { algorithmSettings, loss } from "../settings/groups.ts";

/** The responses that the algorithm uses, in order, with their sign and weight. */
export const split = <A extends Pick<Records.Rewarded, "reward"> & Partial<Pick<Records.Rewarded, "problemId">>>(
  batch: ReadonlyArray<A>,
  settings: { readonly algorithm: AlgorithmName; readonly lambda: number },
): ReadonlyArray<A & Pick<Records.Signed, "sign" | "weight">> => {
  const algorithm: Algorithm = algorithms[settings.algorithm];
  return groupsKept(batch, algorithm).flatMap((rewarded) => {
    const sign = signOf(rewarded.reward);
    const weight = algorithm.weight(sign, settings);
    return weight === 0 ? [] : [{ ...rewarded, sign, weight }];
  });
};

/** The responses of the groups that an algorithm keeps, in order. */
const groupsKept = <A extends Pick<Records.Rewarded, "reward"> & Partial<Pick<Records.Rewarded, "problemId">>>(
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
  settings: { ...Struct.pick(loss, ["algorithm", "lambda"]), ...algorithmSettings },
  input: Records.Rewarded,
  needs: ["reward"],
  needsUnder: ({ algorithm }) => dropsGroups(algorithm) ? ["problemId"] : [],
  output: Records.Signed,
  run: (input, config) => {
    if (dropsGroups(config.algorithm)) {
      return Stream.fromArrayEffect(Effect.map(Stream.runCollect(input), (batch) => split(batch, config)));
    }
    return Stream.map(input, (rewarded) => split([rewarded], config).at(0)).pipe(
      Stream.filter((signed): signed is Records.Signed => signed !== undefined),
    );
  },
});
