/**
 * `deno task evaluate`: draws G responses to every problem of a split, grades them and measures Pass@k with its bootstrap interval (Eq. 5).
 * The paper's evaluation of the 7B model is the default: 256 responses at temperature 0.6 and top-p 0.95. With `--out` every graded
 * response is kept beside the figures.
 */
import { Effect, Stream } from "effect";
import { join } from "node:path";
import { tasks } from "../data/mod.ts";
import { exists, writeText } from "./models/checkpoint_directory.ts";
import { layerPolicy } from "./models/layer_policy.ts";
import type { Model } from "./models/model.ts";
import { Policy } from "./models/policy.ts";
import type { Tokenizer } from "./models/tokenizer.ts";
import { flatTable } from "./reports/flat_table.ts";
import { renderTables } from "./reports/render_table.ts";
import * as Command from "./runtime/command.ts";
import * as Progress from "./runtime/progress.ts";
import { encode } from "./runtime/record.ts";
import * as RunDirectory from "./runtime/run_directory.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";
import { toText } from "./runtime/stage_record.ts";
import type * as Noun from "./schema.ts";
import type { Settings } from "./settings.ts";
import { passAtK, type Tally, tally, tooFew } from "./stages/pass_at_k.ts";
import { promptsOf } from "./stages/prompt.ts";
import { fault, rollouts, type SampleSettings } from "./stages/sample.ts";
import { verify } from "./stages/verify.ts";

/** Counts of right responses by problem; `each` hears of every wave of graded responses. */
export const measure = Effect.fn("Evaluate.measure")(function* (
  model: Model,
  tokenizer: Tokenizer,
  prompts: ReadonlyArray<Noun.Prompt>,
  settings: SampleSettings & Pick<Settings, "extract">,
  each: (verdicts: ReadonlyArray<Noun.Verdict>) => Effect.Effect<void, Command.Failure> = () => Effect.void,
): Effect.fn.Return<ReadonlyArray<Tally>, Command.Failure> {
  const facts: Array<Pick<Noun.Verdict, "problemId" | "correct">> = [];
  yield* Stream.runForEachArray(rollouts(model, tokenizer, prompts, settings), (some) => {
    const verdicts = some.map((rollout) => verify(rollout, tasks[rollout.task], settings.extract));
    for (const { problemId, correct } of verdicts) facts.push({ problemId, correct });
    return each(verdicts);
  });
  return tally(facts);
});

/** The k that `responses` allow. */
export const possibleKs = (ks: ReadonlyArray<number>, responses: number): ReadonlyArray<number> =>
  ks.filter((k) => k <= responses);

const samplesFile = "samples.ndjson";

/** `deno task evaluate`. */
export const evaluateCommand = Command.make({
  name: "evaluate",
  summary: "Draws responses to a split, grades them and measures Pass@k",
  settings: [
    "model",
    "task",
    "split",
    "data",
    "limit",
    "template",
    "responses",
    "temperature",
    "topP",
    "topK",
    "maxTokens",
    "seed",
    "batch",
    "extract",
    "k",
    "bootstrap",
    "format",
    "recipe",
    "out",
  ],
  required: ["model"],
  defaults: { split: "test", responses: 256, temperature: 0.6, topP: 0.95, extract: "lenient" },
  run: (config) =>
    Effect.scoped(Effect.gen(function* () {
      const ks = possibleKs(config.k, config.responses);
      if (ks.length === 0) {
        return yield* new Command.UsageError({
          message: `Cannot measure Pass@k: every --k (${config.k.join(", ")}) is above --responses ${config.responses}`,
        });
      }
      const { write, report } = yield* StandardStreams;
      const print = (text: string) => Effect.catchTag(write(text), "PipeClosed", () => Effect.void);
      const { out } = config;
      if (out !== undefined && (yield* exists(join(out, samplesFile)))) {
        return yield* new Command.UsageError({
          message: `Cannot evaluate into "${out}" (--out): it holds "${samplesFile}" already`,
        });
      }
      const policy = yield* Policy;
      const { dir, model } = yield* policy.load(config.model);
      const prompts = yield* promptsOf(config, dir);
      const bad = prompts.map((prompt) => fault(prompt, model.config)).find((found) => found !== undefined);
      if (bad !== undefined) return yield* new Command.UsageError({ message: bad });
      const progress = yield* Progress.make("evaluate", prompts.length * config.responses);
      // Samples lie under another name until the last one is there.
      const partial = out === undefined ? undefined : join(out, `${samplesFile}.partial`);
      const log = partial === undefined ? undefined : yield* RunDirectory.openLog(partial, () => false);
      const tallies = yield* measure(
        model,
        yield* policy.tokenizer(config.model),
        prompts,
        { ...config, step: 0 },
        (verdicts) =>
          Effect.andThen(log?.append(verdicts.map(encode)) ?? Effect.void, progress.advance(verdicts.length)),
      );
      const short = tooFew(tallies, ks);
      if (short !== undefined) {
        return yield* new Command.UsageError({
          message: `Cannot measure Pass@${short.k} of "${short.problem.problemId}"`,
        });
      }
      const records = passAtK(tallies, ks, config.bootstrap);
      if (out !== undefined && partial !== undefined) {
        yield* RunDirectory.writeText(join(out, "pass_at_k.ndjson"), toText(records));
        yield* RunDirectory.renameFile(partial, join(out, samplesFile));
        yield* writeText(join(out, "config.json"), `${JSON.stringify(config, null, 2)}\n`);
        yield* report(`wrote "${join(out, samplesFile)}" and "pass_at_k.ndjson"`);
      }
      if (config.format === "json") return yield* print(toText(records));
      const tables = yield* Effect.fromResult(flatTable.build(records.map((record) => ({ ...record })))).pipe(
        Effect.mapError((message) => new Command.UsageError({ message })),
      );
      yield* print(renderTables(tables, { format: config.format, isTerminal: false }));
    })).pipe(Effect.provide(layerPolicy)),
});
