/** Every reader of what others write, on broken copies of sound files: a result or one line, no stack trace, no hang. */
import { Effect, Stream } from "effect";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tasks } from "../data/mod.ts";
import { loadProblems, readRows } from "../pipelines/files/source.ts";
import { commonGreedy, commonProblems, drawnByAll, readCompared } from "../pipelines/evaluation/read_compared.ts";
import { readChoices } from "../pipelines/evaluation/completion.ts";
import { importers } from "../pipelines/records/imports/mod.ts";
import { differingSettings } from "../pipelines/reports/comparison/differing_settings.ts";
import { readRun } from "../pipelines/reports/page/read_run.ts";
import { runHtml } from "../pipelines/reports/page/run_html.ts";
import { parseConfigFile } from "../pipelines/settings/config_file.ts";
import * as Stage from "../pipelines/stages/stage.ts";
import { readInput } from "../pipelines/stages/stage.ts";
import { memory, StandardStreams } from "../pipelines/files/standard_streams.ts";
import { dynamicsStage } from "../pipelines/stages/dynamics.ts";
import { passAtKStage } from "../pipelines/stages/pass_at_k.ts";
import { verifyStage } from "../pipelines/stages/verify.ts";
import { recordedValues } from "../pipelines/settings/setting.ts";
import { trainSettings } from "../pipelines/training/run_config.ts";
import { readsAnything } from "./broken_bytes.ts";
import { runFiles, writeRun } from "./pipelines/reports/page/made_up_run.ts";

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, import.meta.url)));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await Deno.makeTempDir();
  await use(folder).finally(() => Deno.remove(folder, { recursive: true }));
};

const quietly = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, StandardStreams, memory("").streams);

const line = { message: "" };

const runTests = '{"step":0,"testAccuracy":0.125,"testEntropy":2}\n{"step":1,"testAccuracy":0.75}\n';

/** The tests, with this many broken copies for each reader. */
export const brokenFiles = (copies: number): void => {
  Deno.test("broken Parquet", () =>
    inFolder((folder) => {
      const file = join(folder, "rows.parquet");
      const names = ["numbers/decimals", "numbers/small_decimals", "numbers/floats", "math/train"];
      const files = names.map((name) => fixture(`data/fixtures/${name}.parquet`));
      return readsAnything("Parquet", copies, files, (bytes) =>
        Effect.promise(() =>
          Deno.writeFile(file, bytes)
        ).pipe(Effect.andThen(readRows(file))));
    }));

  Deno.test("broken lines of problems", () =>
    inFolder((folder) => {
      const file = join(folder, "problems.jsonl");
      const rows = [
        { question: "1+1?", answer: 2 },
        { problem: "q", solution: "\\boxed{3}", level: "Level 1" },
        { prompt: [{ role: "user", content: "q" }], reward_model: { ground_truth: "['1', '2']" } },
        { question: "é", answer: "work\n#### 7" },
      ];
      const text = rows.map((row) => `${JSON.stringify(row)}\n`).join("");
      return readsAnything("JSONL", copies, [bytesOf(text), bytesOf(text.repeat(20))], (bytes) =>
        Effect.promise(() =>
          Deno.writeFile(file, bytes)
        ).pipe(
          Effect.andThen(loadProblems(tasks.jsonl, "test", { data: file })),
        ));
    }));

  Deno.test("broken config files", () => {
    const yaml =
      '# a study\ntask: countdown\ntemperature: 0.6\nk: [1, 2, 4]\nmodel: &m "runs/a"\nreference: *m\nlogprobs: false\n';
    const json = JSON.stringify({ task: "math", topP: 0.95, responses: 4, steps: null });
    return readsAnything(
      "YAML",
      copies,
      [bytesOf(yaml), bytesOf(json)],
      (bytes) => Effect.fromResult(parseConfigFile("config.yaml", textOf(bytes))),
    );
  });

  Deno.test("broken records", () => {
    const records = ["verify", "advantage", "reward", "score"].map((name) =>
      bytesOf(runFiles[`steps/000001/${name}.ndjson`])
    );
    const drained = <A, E>(records: Stream.Stream<A, E>) => quietly(Stream.runDrain(records));
    return readsAnything("NDJSON records", copies, records, (bytes) => {
      const input = () => Stream.succeed(bytes);
      return Effect.all([
        drained(Stage.run(verifyStage, readInput(verifyStage, input(), "records"))),
        drained(Stage.run(dynamicsStage, readInput(dynamicsStage, input(), "records"))),
        drained(Stage.run(passAtKStage, readInput(passAtKStage, input(), "records"), { bootstrap: 10 })),
      ]);
    });
  });

  Deno.test("broken replies of a server", () => {
    const reply = {
      choices: [
        { index: 0, text: "a", finish_reason: "stop", token_ids: [1, 2], logprobs: { token_logprobs: [-0.5, -1] } },
        { index: 1, text: "b", finish_reason: "length", logprobs: { content: [{ id: 3, logprob: -2 }] } },
      ],
      usage: { completion_tokens: 3 },
    };
    return readsAnything(
      "OpenAI replies",
      copies,
      [bytesOf(JSON.stringify(reply))],
      (bytes) => Effect.mapError(Effect.fromResult(readChoices(textOf(bytes), 2)), (message) => ({ message })),
    );
  });

  Deno.test("broken files of other programs", () => {
    const names = ["authors.jsonl", "verl.jsonl", "lm_eval.jsonl", "lighteval_former.jsonl"];
    const kinds = ["authors", "verl", "lm-eval", "lighteval"];
    const files = names.map((name) =>
      bytesOf(textOf(fixture(`pipelines/records/imports/fixtures/${name}`)).split("\n")[0])
    );
    return readsAnything(
      "imports",
      copies,
      files,
      (bytes, i) =>
        Effect.try({ try: (): unknown => JSON.parse(textOf(bytes)), catch: () => line }).pipe(
          Effect.flatMap((row) => {
            const read = importers[kinds[i]].reader({ task: "math", split: "test", tell: () => {} });
            const isRow = typeof row === "object" && row !== null && !Array.isArray(row);
            return isRow
              ? Effect.mapError(Effect.fromResult(read({ ...row }, names[i])), ({ field }) => ({ message: field }))
              : Effect.fail(line);
          }),
        ),
    );
  });

  Deno.test("broken run directories", () =>
    inFolder(async (folder) => {
      const files: Readonly<Record<string, string>> = { ...runFiles, "tests.ndjson": runTests };
      await writeRun(folder);
      await Deno.writeTextFile(join(folder, "tests.ndjson"), runTests);
      const names = Object.keys(files);
      await readsAnything(
        "run directories",
        copies,
        names.map((name) => bytesOf(files[name])),
        (bytes, i) =>
          Effect.promise(() => Deno.writeFile(join(folder, names[i]), bytes)).pipe(
            Effect.andThen(quietly(readRun(folder, { step: 0, problem: undefined }))),
            Effect.flatMap((run) => Effect.mapError(Effect.fromResult(runHtml(run)), (message) => ({ message }))),
            Effect.ensuring(Effect.promise(() => Deno.writeTextFile(join(folder, names[i]), files[names[i]]))),
          ),
      );
    }));

  Deno.test("broken folders that are compared", () =>
    inFolder(async (folder) => {
      const files: Readonly<Record<string, string>> = {
        "run/config.json": runFiles["config.json"],
        "run/metrics.ndjson": runFiles["metrics.ndjson"],
        "run/tests.ndjson": runTests,
        "run/steps/000001/reward.ndjson": runFiles["steps/000001/reward.ndjson"],
        "evaluation/config.json": JSON.stringify({ command: "evaluate", task: "countdown", temperature: 0.6 }),
        "evaluation/samples.ndjson": runFiles["steps/000001/verify.ndjson"],
        "evaluation/greedy.ndjson": runFiles["steps/000001/verify.ndjson"],
      };
      for (const name of ["run", "other"]) await writeRun(join(folder, name));
      for (const [name, text] of Object.entries(files)) {
        for (const path of [name, name.replace(/^evaluation/, "other evaluation")]) {
          await Deno.mkdir(join(folder, dirname(path)), { recursive: true });
          await Deno.writeTextFile(join(folder, path), text);
        }
      }
      const names = Object.keys(files);
      await readsAnything(
        "compared folders",
        copies,
        names.map((name) => bytesOf(files[name])),
        (bytes, i) => {
          const compared = names[i].startsWith("run") ? ["run", "other"] : ["evaluation", "other evaluation"];
          return Effect.promise(() => Deno.writeFile(join(folder, names[i]), bytes)).pipe(
            Effect.andThen(quietly(readCompared(compared.map((name) => join(folder, name)), 0))),
            Effect.flatMap(({ all }) =>
              Effect.andThen(
                Effect.map(commonProblems(all), (rows) => commonGreedy(all, rows)),
                Effect.sync(() => [drawnByAll(all), differingSettings(all.map(({ fields }) => fields))]),
              )
            ),
            Effect.ensuring(Effect.promise(() => Deno.writeTextFile(join(folder, names[i]), files[names[i]]))),
          );
        },
      );
    }));

  Deno.test("broken settings of a run", () =>
    readsAnything(
      "config.json of a run",
      copies,
      [bytesOf(runFiles["config.json"])],
      (bytes) =>
        Effect.try({ try: (): Record<string, unknown> => ({ ...JSON.parse(textOf(bytes)) }), catch: () => line }).pipe(
          Effect.flatMap((stored) =>
            Effect.mapError(Effect.fromResult(recordedValues(trainSettings, stored)), (message) => ({ message }))
          ),
        ),
    ));
};
