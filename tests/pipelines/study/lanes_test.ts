import assert from "node:assert/strict";
import { Deferred, Effect } from "effect";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../../adapter.ts";
import { layerWithThreads } from "../../../pipelines/models/layer_policy.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { inLanes, lanesOf } from "../../../pipelines/study/lanes.ts";

const folder = (bytes: number): string => {
  const dir = mkdtempSync(join(tmpdir(), "signum-lanes-"));
  writeFileSync(join(dir, "model.safetensors"), "");
  truncateSync(join(dir, "model.safetensors"), bytes);
  return dir;
};

const threadsOf = Effect.map(Policy, ({ info }) => info.threads);

const run = <A>(effect: Effect.Effect<A, unknown, Policy>, threads: number): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, layerWithThreads(threads)));

Deno.test("two lanes share the threads of this process; a GPU, one thread and a large model have one lane", () => {
  assert.deepEqual(lanesOf({ kind: "wasm", threads: 2 }, 1e6), [1, 1]);
  assert.deepEqual(lanesOf({ kind: "wasm", threads: 5 }, 1e6), [3, 2]);
  assert.deepEqual(lanesOf({ kind: "wasm", threads: 1 }, 1e6), [1]);
  assert.deepEqual(lanesOf({ kind: "wasm", threads: 8 }, 1e9), [8]);
  assert.deepEqual(lanesOf({ kind: "gpu" }, 1e6), [1]);
});

Deno.test("items of a small model run side by side, each once, on devices with their share of threads", async () => {
  const dir = folder(1000);
  const seen = await run(
    Effect.gen(function* () {
      const both = yield* Deferred.make<void>();
      const seen: Array<readonly [string, number, number | undefined]> = [];
      // The first waits for the second, so one after the other would never end.
      yield* inLanes(["a", "b", "c"], dir, (item, index) =>
        Effect.gen(function* () {
          seen.push([item, index, yield* threadsOf]);
          if (item === "a") yield* Deferred.await(both);
          if (item === "b") yield* Deferred.succeed(both, undefined);
        }));
      return seen;
    }),
    2,
  );
  rmSync(dir, { recursive: true });
  assert.deepEqual(seen.toSorted(([a], [b]) => a < b ? -1 : 1), [["a", 0, 1], ["b", 1, 1], ["c", 2, 1]]);
});

Deno.test("items of a model whose size is not known run one after the other on the device as it is", async () => {
  const seen = await run(
    Effect.gen(function* () {
      const seen: Array<readonly [string, number | undefined]> = [];
      yield* inLanes(["a", "b"], "no/such/folder", (item) => Effect.map(threadsOf, (n) => void seen.push([item, n])));
      return seen;
    }),
    2,
  );
  assert.deepEqual(seen, [["a", 2], ["b", 2]]);
});

Deno.test("an item that fails ends all lanes with its failure", async () => {
  const dir = folder(1000);
  const failure = await run(
    Effect.flip(inLanes(["a", "b"], dir, (item) => item === "a" ? Effect.never : Effect.fail(item as never))),
    2,
  );
  rmSync(dir, { recursive: true });
  assert.equal(failure, "b");
});
