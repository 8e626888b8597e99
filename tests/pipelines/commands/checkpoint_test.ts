import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Effect from "effect/Effect";
import { openCheckpoint, writeModelDirectory } from "../../../pipelines/models/checkpoint.ts";
import { parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import { narrow } from "../../../pipelines/files/safetensors_header.ts";

const root = new URL("../../..", import.meta.url).pathname;
const base = join(root, "data/models/countdown_1");

const run = (...words: string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=files", "pipelines/cli.ts", "checkpoint", ...words],
    cwd: root,
    env: { NO_COLOR: "1" },
  }).outputSync();

const weights = (dir: string) =>
  Effect.runPromise(Effect.gen(function* () {
    const { read, names } = yield* openCheckpoint(dir);
    return yield* Effect.forEach(names, read);
  }));

for (
  const [dtype, bytes, round] of [
    ["bfloat16", 2, (x: number) => new Float32Array(Uint32Array.of(nearest(x)).buffer)[0]],
    ["float16", 2, (x: number) => Math.f16round(x)],
    ["float32", 4, (x: number) => x],
  ] as const
) {
  Deno.test(`checkpoint writes ${dtype} that loads as the nearest numbers`, async () => {
    const dir = mkdtempSync(join(tmpdir(), "signum-checkpoint-"));
    const out = join(dir, "model");
    const { code, stdout, stderr } = run("--model", base, "--dtype", dtype, "--out", out);
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    assert.equal(stdout.length, 0);
    assert.equal(JSON.parse(readFileSync(join(out, "config.json"), "utf8")).dtype, dtype);
    const [found, expected] = [await weights(out), await weights(base)];
    expected.forEach((list, i) => assert.deepEqual(found[i], list.map(round)));
    const elements = expected.reduce((sum, list) => sum + list.length, 0);
    assert.ok(readFileSync(join(out, "model.safetensors")).length - elements * bytes < 8192);
    rmSync(dir, { recursive: true });
  });
}

/** The float32 bits of the bfloat16 next to x, found by comparing both neighbours. */
const nearest = (x: number): number => {
  const [bits] = new Uint32Array(Float32Array.of(x).buffer);
  const [low, high] = [bits & 0xffff0000, (bits & 0xffff0000) + 0x10000];
  const value = (word: number) => new Float32Array(Uint32Array.of(word).buffer)[0];
  const [below, above] = [Math.abs(x - value(low)), Math.abs(value(high) - x)];
  return below < above || (below === above && (low >>> 16) % 2 === 0) ? low : high;
};

Deno.test("bfloat16 rounds ties to even, keeps signs, infinities and NaN", () => {
  const words = (values: number[]) => [...new Uint16Array(narrow(Float32Array.from(values), "bfloat16").buffer)];
  const half = 2 ** -8;
  assert.deepEqual(words([1, 1 + half, 1 + 3 * half, -0, Infinity, -Infinity]), [
    0x3f80,
    0x3f80,
    0x3f82,
    0x8000,
    0x7f80,
    0xff80,
  ]);
  assert.deepEqual(words([3.4028234663852886e38]), [0x7f80]);
  assert.ok(Number.isNaN(new Float32Array(Uint32Array.of(words([NaN])[0] << 16).buffer)[0]));
});

Deno.test("checkpoint refuses weights that the type cannot hold, and leaves nothing", () => {
  const dir = mkdtempSync(join(tmpdir(), "signum-checkpoint-"));
  const large = join(dir, "large");
  return Effect.runPromise(Effect.gen(function* () {
    const { config, read, names } = yield* openCheckpoint(base);
    const shapes = new Map(parameterSpecs(config).map(({ name, shape }) => [name, shape]));
    yield* writeModelDirectory(large, {
      config,
      tensors: names.map((name) => ({
        name,
        shape: shapes.get(name) ?? [],
        read: Effect.map(read(name), (values) => name === "model.norm.weight" ? values.map(() => 70000) : values),
      })),
    });
    const { code, stdout, stderr } = run("--model", large, "--dtype", "float16", "--out", join(dir, "half"));
    assert.deepEqual([code, stdout.length], [1, 0]);
    assert.match(
      new TextDecoder().decode(stderr),
      /^Cannot write ".*half\/model.safetensors", tensor "model.norm.weight": expected finite numbers that float16 can hold, found 70000\n$/,
    );
    assert.deepEqual(readdirSync(dir), ["large"]);
    assert.equal(run("--model", large, "--dtype", "bfloat16", "--out", join(dir, "half")).code, 0);
    rmSync(dir, { recursive: true });
  }));
});

Deno.test("checkpoint refuses a directory that is no model, and one that holds something else", () => {
  const dir = mkdtempSync(join(tmpdir(), "signum-checkpoint-"));
  for (const [model, out] of [[dir, join(dir, "out")], [base, join(root, "data")]]) {
    const { code, stderr } = run("--model", model, "--out", out);
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /^Cannot (read|write) ".*\n$/);
  }
  rmSync(dir, { recursive: true });
});
