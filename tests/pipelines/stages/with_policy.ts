/** Stages run in the process of a test, on the device of this test run, with the first base of the tiny study. */
import * as Effect from "effect/Effect";
import * as ManagedRuntime from "effect/ManagedRuntime";
import type * as Scope from "effect/Scope";
import * as Stream from "effect/Stream";
import { layerWith } from "../../../pipelines/models/policy_on_device.ts";
import type { Policy } from "../../../pipelines/models/policy.ts";
import * as Record from "../../../pipelines/records/record.ts";
import * as Stage from "../../../pipelines/stages/stage.ts";
import { readInput } from "../../../pipelines/stages/stage.ts";
import { promptStage } from "../../../pipelines/stages/prompt.ts";
import { sampleStage } from "../../../pipelines/stages/sample.ts";
import type { Settings } from "../../../pipelines/settings/settings.ts";
import type { Group, SettingValues } from "../../../pipelines/settings/setting.ts";
import { kernelsOfTests } from "../../adapter.ts";

const runtime = ManagedRuntime.make(layerWith({ kernels: kernelsOfTests }));

/** The model that the tests ask: countdown, 79,040 parameters. */
export const base = new URL("../../../data/models/countdown_1", import.meta.url).pathname;

/** A test whose stages run on the device; the layer says on stderr which adapter that is. */
export const testStages = (name: string, body: () => Effect.Effect<void, unknown, Policy | Scope.Scope>): void => {
  Deno.test({
    name,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () => runtime.runPromise(Effect.scoped(Effect.suspend(body))),
  });
};

/** A folder that goes when the test ends. */
export const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => Deno.makeTempDir()),
  (path) => Effect.promise(() => Deno.remove(path, { recursive: true })),
);

/** Everything that a stage makes of `input`. */
export const collect = <In, Out extends object, S extends Group, Q extends keyof S & string, R>(
  stage: Stage.Stage<In, Out, S, Q, R>,
  input: Iterable<In>,
  config: Partial<SettingValues<S>>,
) => Stream.runCollect(Stage.run(stage, input, config));

/** The sentence that a stage fails with. */
export const refusal = <A, E extends { readonly message: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), ({ message }) => message);

/** The sentence that a stage refuses a line with. */
export const refusalOfLine = <In, Out extends object, S extends Group, Q extends keyof S & string, R>(
  stage: Stage.Stage<In, Out, S, Q, R>,
  record: object,
) => refusal(Stream.runCollect(readInput(stage, Stream.succeed(bytesOf([record])), "lines")));

/** Records as they travel, one a line. */
export const linesOf = (records: Iterable<object>): ReadonlyArray<string> =>
  Array.from(records, (record) => Record.encode(record));

/** Records as a pipe carries them. */
export const bytesOf = (records: Iterable<object>): Uint8Array =>
  new TextEncoder().encode(linesOf(records).map((line) => `${line}\n`).join(""));

/** The first prompts of the test split. */
export const prompts = (limit: number) =>
  collect(promptStage, [], { model: base, task: "countdown", split: "test", limit });

/** Rollouts of the first prompts. */
export const rollouts = Effect.fnUntraced(function* (limit: number, config: Partial<Settings> = {}) {
  return yield* collect(sampleStage, yield* prompts(limit), { model: base, ...config });
});
