/** How each command is loaded. A line runs one alone, and to load them all takes longer than many of them run. */
import { Effect } from "effect";
import type { Command } from "../settings/command.ts";
import type { AnyStage } from "../stages/stage.ts";

/** A module by a path that Deno does not see, for it reads ahead what it sees. */
const load = (path: string, name: string): Effect.Effect<Command> =>
  Effect.map(Effect.promise((): Promise<Readonly<Record<string, Command>>> => import(path)), (module) => module[name]);

const stage = (path: string, name: string): Effect.Effect<Command> =>
  Effect.map(
    Effect.promise((): Promise<Readonly<Record<string, AnyStage>>> => import(path)),
    (module) => module[name].command,
  );

type Loaders = Readonly<Record<string, Effect.Effect<Command>>>;

/** The stages as filters, by name: those of `stages.ts`. */
export const stageLoaders: Loaders = {
  prompt: stage("../stages/prompt.ts", "promptStage"),
  sample: stage("../stages/sample.ts", "sampleStage"),
  verify: stage("../stages/verify.ts", "verifyStage"),
  reward: stage("../stages/reward.ts", "rewardStage"),
  dynamics: stage("../stages/dynamics.ts", "dynamicsStage"),
  split: stage("../stages/split.ts", "splitStage"),
  score: stage("../stages/score.ts", "scoreStage"),
  advantage: stage("../stages/advantage.ts", "advantageStage"),
  explain: stage("../insights/explain.ts", "explainStage"),
  insights: stage("../insights/insights.ts", "insightsStage"),
  gradient: stage("../stages/gradient.ts", "gradientStage"),
  update: stage("../stages/update.ts", "updateStage"),
  "pass-at-k": stage("../stages/pass_at_k.ts", "passAtKStage"),
};

/** The other commands, by name. */
const commandLoaders: Loaders = {
  reproduce: load("../study/reproduce.ts", "reproduceCommand"),
  train: load("../training/train.ts", "trainCommand"),
  evaluate: load("../evaluation/evaluate.ts", "evaluateCommand"),
  serve: load("../serving/serve.ts", "serveCommand"),
  show: load("./show.ts", "showCommand"),
  import: load("./import.ts", "importCommand"),
  replay: load("../training/replay.ts", "replayCommand"),
  checkpoint: load("./checkpoint.ts", "checkpointCommand"),
  pretrain: load("../training/pretrain.ts", "pretrainCommand"),
  table: load("./table.ts", "tableCommand"),
  plot: load("./plot.ts", "plotCommand"),
  report: load("./report.ts", "reportCommand"),
  watch: load("./watch.ts", "watchCommand"),
  compare: load("./compare.ts", "compareCommand"),
  audit: load("./audit.ts", "auditCommand"),
  bench: load("../bench/bench.ts", "benchCommand"),
  "grade-bench": load("./grade_bench.ts", "gradeBenchCommand"),
  pack: load("./pack.ts", "packCommand"),
  parts: load("./pack.ts", "partsCommand"),
  doctor: load("./doctor.ts", "doctorCommand"),
  worker: load("./worker.ts", "workerCommand"),
  cluster: load("./cluster.ts", "clusterCommand"),
};

/** Every one by name. */
export const loaders = (): Loaders => ({ ...stageLoaders, ...commandLoaders });

/** All of them. */
export const loadAll = Effect.suspend(() =>
  Effect.all({
    stages: Effect.all(Object.values(stageLoaders)),
    commands: Effect.all(Object.values(commandLoaders)),
  })
);
