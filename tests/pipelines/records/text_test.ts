import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import * as RunDirectory from "../../../pipelines/files/run_directory.ts";
import * as Stage from "../../../pipelines/stages/stage.ts";
import { firstDifference, recorded, replay, sha256 } from "../../../pipelines/records/text.ts";
import type { Noun } from "../../../pipelines/records/schema.ts";

const number: Noun<{ x: number }> = { name: "Number", fields: [{ name: "x", kind: "number" }], sameLength: [] };

const scaled = (by: number) =>
  Stage.make({
    name: "scaled",
    summary: "",
    settings: ["lambda"],
    input: number,
    needs: ["x"],
    output: number,
    run: (input, { lambda }) => Stream.map(input, (record) => ({ ...record, x: record.x * by + lambda })),
  });

Deno.test("a recorded stage replays byte for byte, and a change of it is found with its place", async () => {
  const dir = await Deno.makeTempDir();
  await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
    const run = yield* RunDirectory.acquire(dir);
    const input = '{"x":1}\n{"x":2}\n';
    yield* run.writeText("steps/1/in.ndjson", input);
    const file = { name: "steps/1/in.ndjson", sha256: sha256(input) };
    const recording = { run, code: "abc", device: "none", seed: 1, step: 1 };
    const numbers = [{ x: 1 }, { x: 2 }];
    const { records, record } = yield* recorded(
      scaled(2),
      numbers,
      file,
      { lambda: 0.5 },
      "steps/1/out.ndjson",
      recording,
    );
    assert.deepEqual(records, [{ x: 2.5 }, { x: 4.5 }]);
    assert.equal(yield* run.readText("steps/1/out.ndjson"), '{"x":2.5}\n{"x":4.5}\n');
    assert.deepEqual(record, {
      stage: "scaled",
      code: "abc",
      config: { lambda: 0.5 },
      key: { seed: 1, step: 1 },
      input: file,
      output: { name: "steps/1/out.ndjson", sha256: sha256('{"x":2.5}\n{"x":4.5}\n') },
      device: "none",
    });
    assert.equal(yield* replay(scaled(2), record, run), undefined);
    assert.deepEqual(yield* replay(scaled(3), record, run), {
      file: "steps/1/out.ndjson",
      byte: 5,
      line: 1,
      expected: '2.5}\n{"x":4.5}\n',
      found: '3.5}\n{"x":6.5}\n',
    });
    yield* run.writeText("steps/1/in.ndjson", '{"x":9}\n');
    const error = yield* Effect.flip(replay(scaled(2), record, run));
    assert.match(error.message, /in\.ndjson": expected SHA-256/);
  })));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("firstDifference() counts bytes, not letters, and sees a text that ends early", () => {
  assert.equal(firstDifference("f", "é\nab", "é\nab"), undefined);
  assert.deepEqual(firstDifference("f", "é\nab", "é\na"), { file: "f", byte: 4, line: 2, expected: "b", found: "" });
  assert.deepEqual(firstDifference("f", "a", "ab"), { file: "f", byte: 1, line: 1, expected: "", found: "b" });
});
