import assert from "node:assert/strict";
import { Context, Effect, Layer, Stream } from "effect";
import * as Stage from "../../../pipelines/stages/stage.ts";
import { makeStage, readInput } from "../../../pipelines/stages/stage.ts";
import { memory, PipeClosed, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import {
  type RecordSchema,
  Rewarded,
  type Verdict,
  Verdict as VerdictNoun,
} from "../../../pipelines/records/schema.ts";
import { settings } from "../../../pipelines/settings/settings.ts";

const double: RecordSchema<{ x: number }> = { name: "Double", fields: [{ name: "x", kind: "number" }], sameLength: [] };

const twice = makeStage({
  name: "twice",
  summary: "Doubles x",
  settings: { lambda: settings.lambda },
  input: double,
  needs: ["x"],
  output: double,
  run: (input, { lambda }) => Stream.map(input, (record) => ({ ...record, x: record.x * 2 * lambda })),
});

const filter = async (stage: Stage.AnyStage, stdin: string) => {
  const io = memory(stdin);
  const exit = await Effect.runPromiseExit(
    stage.command.run({ lambda: 1 }, []).pipe(Effect.provideService(StandardStreams, io.streams)),
  );
  return { exit, stdout: io.stdout() };
};

const messageOf = async (effect: Effect.Effect<unknown, { message: string }>): Promise<string> =>
  (await Effect.runPromise(Effect.flip(effect))).message;

Deno.test("Stage.run() takes an array and the stage's defaults", async () => {
  const out = await Effect.runPromise(Stream.runCollect(Stage.run(twice, [{ x: 10 }, { x: 20 }])));
  assert.deepEqual(out, [{ x: 2 }, { x: 4 }]);
});

Deno.test("a stage's command is a filter that passes unknown fields through", async () => {
  const { stdout } = await filter(twice, '{"x":1,"note":{"a":[1]}}\n\n{"x":0.5}');
  assert.equal(stdout, '{"x":2,"note":{"a":[1]}}\n{"x":1}\n');
});

Deno.test("a stage's command names the line, the field and the value, and writes nothing", async () => {
  const io = memory('{"x":1}\n{"x":"two"}\n');
  const message = await messageOf(
    twice.command.run({}, []).pipe(Effect.provideService(StandardStreams, io.streams)),
  );
  assert.match(message, /<stdin>.*line 2.*"x".*two/);
  assert.equal(io.stdout(), "");
});

Deno.test("a record may be cut anywhere between two reads", async () => {
  const bytes = new TextEncoder().encode('{"x":1,"t":"é√"}\n{"x":2}\n{"x":3}');
  for (const size of [1, 2, 5, 11]) {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < bytes.length; i += size) parts.push(bytes.subarray(i, i + size));
    const records = await Effect.runPromise(
      Stream.runCollect(readInput(twice, Stream.rechunk(Stream.fromIterable(parts), 3), "f")),
    );
    assert.deepEqual(records, [{ x: 1, t: "é√" }, { x: 2 }, { x: 3 }]);
  }
});

Deno.test("a line that is not UTF-8 is refused with its number", async () => {
  const bytes = Uint8Array.from([...new TextEncoder().encode('{"x":1}\n\n{"x":2,"t":"'), 0xff, 34, 125, 10]);
  const message = await messageOf(Stream.runCollect(readInput(twice, Stream.succeed(bytes), "f")));
  assert.equal(message, 'Cannot read "f", line 3: it is not UTF-8');
});

Deno.test("a buffered stage starts only when its whole input is good", async () => {
  let started = 0;
  const buffered = makeStage({
    name: "late",
    summary: "",
    settings: {},
    input: double,
    needs: ["x"],
    output: double,
    buffered: true,
    run: (input) => Stream.tap(input, () => Effect.sync(() => started++)),
  });
  const bad = Stream.concat(Stream.succeed({ x: 1 }), Stream.fail(new Error("broken")));
  assert.equal(await messageOf(Stream.runCollect(Stage.run(buffered, bad))), "broken");
  assert.equal(started, 0);
});

Deno.test("a required setting that is missing is named as its flag", async () => {
  const needy = makeStage({
    name: "needy",
    summary: "",
    settings: { model: settings.model, seed: settings.seed },
    required: ["model"],
    output: double,
    run: (_, { model }) => Stream.succeed({ x: model.length }),
  });
  assert.match(await messageOf(Stream.runCollect(Stage.run(needy, []))), /"needy".*--model/);
  assert.deepEqual(await Effect.runPromise(Stream.runCollect(Stage.run(needy, [], { model: "abc" }))), [{ x: 3 }]);
});

Deno.test("a reader that goes away ends the filter without an error and stops the stage", async () => {
  let made = 0;
  const endless = makeStage({
    name: "endless",
    summary: "",
    settings: {},
    output: double,
    run: () =>
      Stream.iterate(1, (n) => n + 1).pipe(Stream.map((x) => ({ x })), Stream.tap(() => Effect.sync(() => made++))),
  });
  const io = memory("");
  const closing = { ...io.streams, write: () => Effect.fail(new PipeClosed({ message: "gone" })) };
  await Effect.runPromise(
    endless.command.run({}, []).pipe(Effect.provideService(StandardStreams, closing)),
  );
  assert.ok(made >= 1 && made < 100_000);
});

Deno.test("the layer of a stage gives its services to the command", async () => {
  class Factor extends Context.Service<Factor, { readonly by: number }>()("test/Factor") {}
  const scaled = makeStage({
    name: "scaled",
    summary: "",
    settings: {},
    input: double,
    needs: ["x"],
    output: double,
    run: (input) =>
      Stream.mapEffect(input, (record) => Effect.map(Factor, ({ by }) => ({ ...record, x: record.x * by }))),
    layer: () => Layer.succeed(Factor, { by: 7 }),
  });
  const io = memory('{"x":6}\n');
  await Effect.runPromise(
    scaled.command.run({}, []).pipe(Effect.provideService(StandardStreams, io.streams)),
  );
  assert.equal(io.stdout(), '{"x":42}\n');
});

Deno.test("types of a stage follow the nouns", async () => {
  const reward = makeStage({
    name: "reward",
    summary: "",
    settings: {},
    input: VerdictNoun,
    needs: ["correct"],
    output: Rewarded,
    run: (input) => Stream.map(input, (verdict: Verdict) => ({ ...verdict, reward: verdict.correct ? 1 : -1 })),
  });
  const { stdout } = await filter(reward, '{"correct":true}\n{"correct":false}\n');
  assert.equal(stdout, '{"correct":true,"reward":1}\n{"correct":false,"reward":-1}\n');
});
