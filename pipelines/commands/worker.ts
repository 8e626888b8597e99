/** `deno task worker`: does the jobs that commands with `--cluster` hand out, of the stages below, until it is stopped. */
import { Effect, Struct } from "effect";
import type { MakeRunner } from "../cluster/jobs.ts";
import { defaultStore } from "../cluster/layer_jobs.ts";
import { work } from "../cluster/worker.ts";
import { makeGradedRunner } from "../evaluation/graded.ts";
import { makeGradientRunner } from "../learning/gradient_runner.ts";
import { makeRangeSumRunner } from "../learning/range_sums.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { makeCommand } from "../settings/command.ts";
import * as Groups from "../settings/groups.ts";
import type { Settings } from "../settings/settings.ts";
import { makeCellRunner } from "../study/cell_runner.ts";
import { makeSampleRunner } from "../stages/sample_work.ts";
import { makeScorerRunner } from "../stages/score_work.ts";

/** The stages that a worker runs, by the name in a job. */
const runners = (settings: Pick<Settings, "batch" | "cache">): Readonly<Record<string, MakeRunner>> => ({
  sample: makeSampleRunner(settings),
  evaluate: makeGradedRunner(settings),
  score: makeScorerRunner,
  gradient: makeGradientRunner,
  "range-sum": makeRangeSumRunner,
  cell: makeCellRunner,
});

/** The response tokens in a block of responses; other stages' results have none that are counted. */
const tokensIn = (stage: string, result: string): number =>
  stage === "sample" || stage === "evaluate"
    ? [...result.matchAll(/"responseTokens":\[([^\]]*)\]/g)].reduce(
      (sum, [, list]) => sum + (list === "" ? 0 : list.split(",").length),
      0,
    )
    : 0;

/** `deno task worker`. */
export const workerCommand = makeCommand({
  name: "worker",
  summary: "Does jobs of a cluster until it is stopped; SIGTERM lets the job at hand end",
  settings: {
    ...Struct.pick(Groups.cluster, ["cluster", "store"]),
    ...Groups.workers,
    ...Struct.pick(Groups.memory, ["batch", "cache"]),
    ...Groups.device,
  },
  required: ["cluster"],
  run: (config) =>
    Effect.scoped(
      work({ cluster: config.cluster, store: config.store ?? defaultStore() }, config.lease, runners(config), tokensIn),
    )
      .pipe(Effect.provide(layerPolicy(config))),
});
