/** Changed model directories against transformers' log-probs (`tests/golden/models/make_directories_golden.py`). */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import { loadModel } from "../../../pipelines/models/model.ts";
import { parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import { formatPython } from "../../../pipelines/files/python_json.ts";
import { writeSafetensors } from "../../../pipelines/files/safetensors.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { goldenDirectory } from "../../golden/models/golden.ts";
import { testInFloat32 } from "../../kernels/run_case.ts";
import { near } from "./golden_on_device.ts";

const cases: ReadonlyArray<{
  readonly model: string;
  readonly changes: Readonly<Record<string, unknown>>;
  readonly head: boolean;
  readonly prompt: ReadonlyArray<number>;
  readonly response: ReadonlyArray<number>;
  readonly logProbs: ReadonlyArray<number>;
}> = JSON.parse(Deno.readTextFileSync(new URL("../../golden/models/directories.json", import.meta.url)));

/** The golden model with a changed configuration, and with a head of its own where there is one. */
const directoryOf = Effect.fnUntraced(function* (dir: string, { model, changes, head }: typeof cases[number]) {
  const source = goldenDirectory(model);
  const config: Record<string, unknown> = JSON.parse(Deno.readTextFileSync(`${source}/config.json`));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) delete config[key];
    else config[key] = value === "NaN" ? NaN : value;
  }
  Deno.writeTextFileSync(`${dir}/config.json`, formatPython(config));
  if (!head) {
    const files = [...Deno.readDirSync(source)].map(({ name }) => name).filter((name) => name.includes("safetensors"));
    return files.forEach((name) => Deno.copyFileSync(`${source}/${name}`, `${dir}/${name}`));
  }
  const whole = yield* openCheckpoint(source);
  const { width } = whole.config;
  const tensors = parameterSpecs(whole.config).map((spec) => ({ ...spec, read: whole.read(spec.name) }));
  const other = Effect.map(
    tensors[0].read,
    (values) => values.map((value, i) => Math.floor(i / width) % 2 === 0 ? -0.5 * value : value),
  );
  yield* writeSafetensors(dir, () => "model.safetensors", [
    ...tensors,
    { ...tensors[0], name: "lm_head.weight", read: other },
  ]);
});

for (const one of cases) {
  const what = `${one.model} with ${JSON.stringify(one.changes)}${one.head ? " and a head of its own" : ""}`;
  testInFloat32(`${what}: log-probs are those of transformers`, (encoder) =>
    Effect.gen(function* () {
      const dir = yield* Effect.acquireRelease(
        Effect.sync(() => Deno.makeTempDirSync()),
        (path) => Effect.sync(() => Deno.removeSync(path, { recursive: true })),
      );
      yield* directoryOf(dir, one);
      const checkpoint = yield* openCheckpoint(dir);
      assert.equal(checkpoint.notes.length, Number(one.head));
      const sequence = { promptTokens: Int32Array.from(one.prompt), responseTokens: Int32Array.from(one.response) };
      const found = yield* score(yield* loadModel(encoder, checkpoint), [sequence], 1);
      one.logProbs.forEach((x, t) => near(found.logProbs[0][t], x, 1e-4, `token ${t}`));
    }).pipe(Effect.scoped));
}
