/**
 * Splits correct from incorrect responses and weights each sign as the algorithm requires (PSR 1 and 0, NSR 0 and 1, W-REINFORCE lambda and
 * 1, all others 1 and 1). Responses of weight 0 are dropped here, before scoring and training.
 */
import { Stream, Struct } from "effect";
import { signOf } from "../algorithms/algorithm.ts";
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import * as Records from "../records/schema.ts";
import { makeStage } from "./stage.ts";
import { algorithmSettings, loss } from "../settings/groups.ts";

/** The responses that the algorithm uses, in order, with their sign and weight. */
export const split = <A extends Pick<Records.Rewarded, "reward">>(
  batch: ReadonlyArray<A>,
  settings: { readonly algorithm: AlgorithmName; readonly lambda: number },
): ReadonlyArray<A & Pick<Records.Signed, "sign" | "weight">> => {
  const algorithm = algorithms[settings.algorithm];
  return batch.flatMap((rewarded) => {
    const sign = signOf(rewarded.reward);
    const weight = algorithm.weight(sign, settings);
    return weight === 0 ? [] : [{ ...rewarded, sign, weight }];
  });
};

/** Rewarded to Signed; drops responses of weight 0. */
export const splitStage = makeStage({
  name: "split",
  summary: "Keeps the responses that the algorithm trains on and sets their weights",
  settings: { ...Struct.pick(loss, ["algorithm", "lambda"]), ...algorithmSettings },
  input: Records.Rewarded,
  needs: ["reward"],
  output: Records.Signed,
  run: (input, config) =>
    Stream.map(input, (rewarded) => split([rewarded], config).at(0)).pipe(
      Stream.filter((signed): signed is Records.Signed => signed !== undefined),
    ),
});
