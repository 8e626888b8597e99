/** Checkpoints: the golden directories, what is refused, and that writing and reading lose nothing. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type * as Checkpoint from "../../../pipelines/models/checkpoint.ts";
import { openCheckpoint, writeModelDirectory } from "../../../pipelines/models/checkpoint.ts";
import { companionFiles, verifyManifest } from "../../../pipelines/files/checkpoint_directory.ts";
import { withValueHead } from "../../../pipelines/models/model_config.ts";
import { parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import type { Tensor } from "../../../pipelines/files/safetensors.ts";

const golden = new URL("../../golden/models/", import.meta.url).pathname;
const models = ["qwen2_tied", "qwen2_untied", "qwen3_tied", "qwen3_untied", "llama_tied", "llama_untied"];
const open = (dir: string) => Effect.runPromise(openCheckpoint(dir));
const refusal = async (dir: string) => (await Effect.runPromise(Effect.flip(openCheckpoint(dir)))).message;

const inFolder = async (use: (dir: string) => Promise<void>) => {
  const dir = Deno.makeTempDirSync();
  await use(dir);
  Deno.removeSync(dir, { recursive: true });
};

/** The parameters of a checkpoint as tensors to be written. */
const tensorsOf = (checkpoint: Checkpoint.Checkpoint) =>
  parameterSpecs(checkpoint.config).map((spec) => ({ ...spec, read: checkpoint.read(spec.name) }));
type Tensors = ReturnType<typeof tensorsOf>;

const write = (dir: string, content: Checkpoint.CheckpointContent<unknown, never, unknown>) =>
  Effect.runPromise(writeModelDirectory(dir, content));

/** A copy of a golden checkpoint whose tensors are changed first. */
const writeChanged = async (
  dir: string,
  name: string,
  change: (tensors: Tensors) => ReadonlyArray<Tensor<unknown>>,
) => {
  const source = await open(`${golden}${name}`);
  await write(dir, { config: source.config, tensors: change(tensorsOf(source)) });
};

for (const name of models) {
  Deno.test(`${name} is written as float32 and read back bit for bit, tokenizer files included`, () =>
    inFolder(async (dir) => {
      const source = await open(`${golden}${name}`);
      assert.deepEqual(source.names, parameterSpecs(source.config).map((spec) => spec.name));
      const content = { config: source.config, sourceDir: source.dir, tensors: tensorsOf(source) };
      const { sha256 } = await write(`${dir}/a/copy`, content);
      assert.equal((await write(`${dir}/b`, content)).sha256, sha256);
      const copy = await open(`${dir}/a/copy`);
      for (const parameter of source.names) {
        assert.deepEqual(
          await Effect.runPromise(copy.read(parameter)),
          await Effect.runPromise(source.read(parameter)),
          parameter,
        );
      }
      assert.deepEqual({ ...copy.config, raw: {} }, { ...source.config, raw: {} });
      const type = "torch_dtype" in source.config.raw ? "torch_dtype" : "dtype";
      assert.deepEqual(copy.config.raw, { ...source.config.raw, [type]: "float32" });
      const files = [...Deno.readDirSync(source.dir)].filter((entry) => companionFiles.includes(entry.name));
      for (const { name: file } of files) {
        assert.deepEqual(Deno.readFileSync(`${dir}/a/copy/${file}`), Deno.readFileSync(`${source.dir}/${file}`));
      }
      const written = [...Deno.readDirSync(`${dir}/a/copy`)].map((entry) => entry.name).toSorted();
      assert.deepEqual(written, ["config.json", "model.safetensors", ...files.map((file) => file.name)].toSorted());
      assert.deepEqual([...Deno.readDirSync(`${dir}/a`)].map((entry) => entry.name), ["copy"]);
    }));
}

Deno.test("weights above the size of one file go into shards and an index, and are read back", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen2_untied`);
    const content = { config: source.config, tensors: tensorsOf(source), maxFileBytes: 30_000 };
    const { sha256 } = await write(dir, content);
    const names = [...Deno.readDirSync(dir)].map((entry) => entry.name).toSorted();
    assert.ok(names.includes("model.safetensors.index.json") && !names.includes("model.safetensors"));
    assert.ok(names.includes("model-00001-of-00003.safetensors"), names.join());
    const copy = await open(dir);
    for (const parameter of source.names) {
      assert.deepEqual(await Effect.runPromise(copy.read(parameter)), await Effect.runPromise(source.read(parameter)));
    }
    assert.notEqual((await write(`${dir}/one`, { ...content, maxFileBytes: 1e9 })).sha256, sha256);
  }));

Deno.test("only the files that the index names are read", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen2_untied`);
    await write(dir, { config: source.config, tensors: tensorsOf(source), maxFileBytes: 30_000 });
    Deno.writeTextFileSync(`${dir}/model.safetensors`, "no weights");
    Deno.writeTextFileSync(`${dir}/other.safetensors`, "no weights");
    await open(dir);
    const index = JSON.parse(Deno.readTextFileSync(`${dir}/model.safetensors.index.json`));
    const rewrite = (weightMap: unknown) =>
      Deno.writeTextFileSync(`${dir}/model.safetensors.index.json`, JSON.stringify({ weight_map: weightMap }));
    rewrite({ ...index.weight_map, "lm_head.weight": "../x.safetensors" });
    assert.match(
      await refusal(dir),
      /tensor "lm_head.weight": expected the name of a .safetensors file beside the index/,
    );
    rewrite({ ...index.weight_map, "lm_head.weight": "model-00009-of-00009.safetensors" });
    assert.match(await refusal(dir), /model-00009-of-00009.safetensors": expected a file that can be read/);
    rewrite({ ...index.weight_map, "lm_head.weight": undefined });
    assert.match(await refusal(dir), /tensor "lm_head.weight": expected the tensor \[68, 32\], found no such tensor/);
    rewrite(undefined);
    assert.match(await refusal(dir), /expected "weight_map"/);
  }));

Deno.test("a parameter that is absent, of another shape or one too many is named before anything is loaded", () =>
  inFolder(async (dir) => {
    await writeChanged(dir, "qwen3_tied", (tensors) => tensors.slice(1));
    assert.match(
      await refusal(dir),
      /model.safetensors", tensor "model.embed_tokens.weight": expected the tensor \[69, 32\], found no such tensor/,
    );
    await writeChanged(dir, "qwen3_tied", ([first, ...rest]) => [{ ...first, shape: [32, 69] }, ...rest]);
    assert.match(
      await refusal(dir),
      /"model.embed_tokens.weight": expected F32, F16 or BF16 \[69, 32\], found F32 \[32, 69\]/,
    );
    const extra = {
      name: "model.layers.0.self_attn.q_proj.bias",
      shape: [1],
      read: Effect.succeed(Float32Array.of(1)),
    };
    await writeChanged(dir, "qwen3_tied", (tensors) => [...tensors, extra]);
    assert.match(await refusal(dir), /q_proj.bias": expected only the parameters of qwen3, found one more tensor/);
  }));

Deno.test("a copy of the embedding as head is passed over only where the model says that they are tied", () =>
  inFolder(async (dir) => {
    const copyOf = (tensors: Tensors, change: (values: Float32Array<ArrayBuffer>) => Float32Array<ArrayBuffer>) => [
      ...tensors,
      { ...tensors[0], name: "lm_head.weight", read: Effect.map(tensors[0].read, change) },
    ];
    await writeChanged(dir, "qwen3_tied", (tensors) => copyOf(tensors, (values) => values));
    const tied = await open(dir);
    assert.deepEqual([tied.names.includes("lm_head.weight"), tied.config.tied, tied.notes], [false, true, []]);
    // In one number, another head: it counts, as in transformers 5, and the model is written untied.
    await writeChanged(dir, "qwen3_tied", (tensors) => copyOf(tensors, (values) => values.with(-1, 0.5)));
    const own = await open(dir);
    assert.deepEqual([own.names.at(-1), own.config.tied, own.config.raw.tie_word_embeddings], [
      "lm_head.weight",
      false,
      false,
    ]);
    assert.match(
      own.notes.join(),
      /config.json ties the head to the embedding, but "lm_head.weight" has other numbers/,
    );
    assert.equal((await Effect.runPromise(own.read("lm_head.weight"))).at(-1), 0.5);
    const head = { name: "lm_head.weight", shape: [1, 2], read: Effect.succeed(Float32Array.of(1, 2)) };
    await writeChanged(dir, "qwen3_tied", (tensors) => [...tensors, head]);
    assert.match(await refusal(dir), /"lm_head.weight": expected F32, F16 or BF16 \[69, 32\], found F32 \[1, 2\]/);
    await writeChanged(dir, "qwen2_untied", (tensors) => tensors.filter(({ name }) => name !== "lm_head.weight"));
    assert.match(await refusal(dir), /"lm_head.weight": expected the tensor \[68, 32\]/);
  }));

Deno.test("an index that wins over a file beside it is said in a line", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen2_untied`);
    await write(dir, { config: source.config, tensors: tensorsOf(source), maxFileBytes: 30_000 });
    assert.deepEqual((await open(dir)).notes, []);
    Deno.copyFileSync(`${golden}qwen2_untied/model.safetensors`, `${dir}/model.safetensors`);
    const [note, ...others] = (await open(dir)).notes;
    assert.match(
      note,
      /read from the files that model.safetensors.index.json names, not from model.safetensors beside it$/,
    );
    assert.deepEqual(others, []);
  }));

Deno.test("what is no regular file is an error at once, in place of weights, configuration or index", () =>
  inFolder(async (dir) => {
    for (const name of ["model.safetensors", "config.json", "generation_config.json", "model.safetensors.index.json"]) {
      const model = `${dir}/${name}-model`;
      await writeChanged(model, "qwen3_tied", (tensors) => tensors);
      const path = `${model}/${name}`;
      if (name in { "model.safetensors": 0, "config.json": 0 }) Deno.removeSync(path);
      new Deno.Command("mkfifo", { args: [path] }).outputSync();
      assert.match(await refusal(model), /^Cannot read ".*": expected a regular file, found a FIFO$/, name);
      Deno.removeSync(path);
      Deno.mkdirSync(path);
      assert.match(await refusal(model), /expected a regular file, found a folder$/, name);
    }
  }));

Deno.test("a configuration that is not UTF-8 is an error", () =>
  inFolder(async (dir) => {
    const text = Deno.readFileSync(`${golden}qwen3_tied/config.json`);
    Deno.writeFileSync(`${dir}/config.json`, Uint8Array.from([...text.subarray(0, 1), 0xff, ...text.subarray(1)]));
    assert.match(await refusal(dir), /config.json": expected UTF-8, found other bytes$/);
  }));

Deno.test("weights that are not finite, or not in the type they are written in, are refused and nothing is left", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen3_tied`);
    const attempt = (value: number, type?: "float32" | "float16" | "bfloat16") =>
      Effect.runPromise(Effect.result(writeModelDirectory(`${dir}/out`, {
        config: source.config,
        tensors: tensorsOf(source).map((tensor) =>
          tensor.name === "model.norm.weight"
            ? { ...tensor, read: Effect.map(tensor.read, (values) => values.with(3, value)) }
            : tensor
        ),
        ...(type === undefined ? {} : { type }),
      })));
    const refused = [
      [NaN, "float32"],
      [Infinity, "float32"],
      [-Infinity, "bfloat16"],
      [65520, "float16"],
      [-1e6, "float16"],
      [3.4e38, "bfloat16"],
    ] as const;
    for (const [value, type] of refused) {
      const written = await attempt(value, type);
      assert.ok(written._tag === "Failure", `${value} as ${type}`);
      assert.equal(
        String(Object(written.failure).message),
        `Cannot write "${dir}/out/model.safetensors", tensor "model.norm.weight": expected finite numbers that ${type} can hold, found ${
          Math.fround(value)
        }`,
      );
      assert.deepEqual([...Deno.readDirSync(dir)], []);
    }
    for (const [value, type] of [[65519, "float16"], [3.38e38, "bfloat16"], [3.4e38, "float32"]] as const) {
      assert.ok((await attempt(value, type))._tag === "Success", `${value} as ${type}`);
      const read = await Effect.runPromise((await open(`${dir}/out`)).read("model.norm.weight"));
      assert.ok(read.every(Number.isFinite) && read[3] !== 0);
    }
  }));

Deno.test("a critic's bias is read where its files have one", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen2_untied`);
    const config = { ...withValueHead(source.config), valueBias: true };
    const tensors = parameterSpecs(config).map((spec) => ({
      ...spec,
      read: spec.name === "score.weight"
        ? Effect.succeed(new Float32Array(32))
        : spec.name === "score.bias"
        ? Effect.succeed(Float32Array.of(0.75))
        : source.read(spec.name),
    }));
    await write(dir, { config, tensors });
    const critic = await open(dir);
    assert.deepEqual([critic.config.valueBias, critic.names.at(-1)], [true, "score.bias"]);
    assert.deepEqual(await Effect.runPromise(critic.read("score.bias")), Float32Array.of(0.75));
    await write(dir, {
      config,
      tensors: tensors.map((one) => one.name === "score.bias" ? { ...one, shape: [1, 1] } : one),
    });
    assert.match(await refusal(dir), /"score.bias": expected F32, F16 or BF16 \[1\], found F32 \[1, 1\]/);
  }));

Deno.test("a critic is written with its value head and read back", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen2_untied`);
    const config = withValueHead(source.config);
    const score = Float32Array.from({ length: 32 }, (_, i) => i);
    const tensors = parameterSpecs(config).map((spec) => ({
      ...spec,
      read: spec.name === "score.weight" ? Effect.succeed(score) : source.read(spec.name),
    }));
    await write(dir, { config, tensors });
    const critic = await open(dir);
    assert.equal(critic.config.valueHead, true);
    assert.deepEqual(critic.config.raw.architectures, ["Qwen2ForTokenClassification"]);
    assert.deepEqual(await Effect.runPromise(critic.read("score.weight")), score);
  }));

Deno.test("a directory without a usable config is an error of that file", () =>
  inFolder(async (dir) => {
    assert.match(await refusal(dir), /config.json": expected a file that can be read/);
    Deno.writeTextFileSync(`${dir}/config.json`, '{"architectures":["BertModel"]}');
    assert.match(await refusal(dir), /config.json": expected "architectures" to be one of Qwen2ForCausalLM.*BertModel/);
    Deno.copyFileSync(`${golden}qwen3_tied/config.json`, `${dir}/config.json`);
    assert.match(await refusal(dir), /model.safetensors": expected a file that can be read/);
  }));

Deno.test("an earlier checkpoint is replaced, anything else is left alone", () =>
  inFolder(async (dir) => {
    const place = `${dir}/out`;
    await writeChanged(place, "qwen3_tied", (tensors) => tensors);
    Deno.mkdirSync(`${place}/trainer_state`);
    await writeChanged(place, "llama_tied", (tensors) => tensors);
    assert.equal((await open(place)).config.family, "llama");
    assert.deepEqual([...Deno.readDirSync(place)].map((entry) => entry.name).toSorted(), [
      "config.json",
      "model.safetensors",
    ]);
    Deno.writeTextFileSync(`${place}/thesis.txt`, "");
    const source = await open(`${golden}qwen3_tied`);
    const content = { config: source.config, tensors: tensorsOf(source) };
    const error = await Effect.runPromise(Effect.flip(writeModelDirectory(place, content)));
    assert.match(error.message, /found "thesis.txt" in it/);
    assert.equal((await open(place)).config.family, "llama");
    assert.deepEqual([...Deno.readDirSync(dir)].map((entry) => entry.name), ["out"]);
  }));

Deno.test("a failure while writing leaves the earlier checkpoint and nothing else", () =>
  inFolder(async (dir) => {
    const place = `${dir}/out`;
    await writeChanged(place, "qwen3_tied", (tensors) => tensors);
    const source = await open(`${golden}qwen2_untied`);
    const content = { config: source.config, tensors: tensorsOf(source), also: () => Effect.fail("out of power") };
    assert.equal(await Effect.runPromise(Effect.flip(writeModelDirectory(place, content))), "out of power");
    assert.equal((await open(place)).config.family, "qwen3");
    assert.deepEqual([...Deno.readDirSync(dir)].map((entry) => entry.name), ["out"]);
  }));

Deno.test("the manifest lists every file, and a byte that changes is found", () =>
  inFolder(async (dir) => {
    const source = await open(`${golden}qwen3_tied`);
    const also = (partial: string) =>
      Effect.sync(() => {
        Deno.mkdirSync(`${partial}/trainer_state`);
        Deno.writeTextFileSync(`${partial}/trainer_state/position.json`, "3\n");
      });
    await write(dir, {
      config: source.config,
      sourceDir: source.dir,
      tensors: tensorsOf(source),
      also,
      manifest: true,
    });
    const manifest = JSON.parse(Deno.readTextFileSync(`${dir}/trainer_state/manifest.json`));
    assert.deepEqual(Object.keys(manifest), [
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
      "trainer_state/position.json",
    ]);
    await Effect.runPromise(verifyManifest(dir));
    Deno.writeTextFileSync(`${dir}/trainer_state/position.json`, "4\n");
    const error = await Effect.runPromise(Effect.flip(verifyManifest(dir)));
    assert.match(error.message, /position.json": expected SHA-256 1121cfcc/);
  }));
