/**
 * Damaged model directories: two hundred seeded mutations each of config.json, safetensors and tokenizer.json. Each is read, or refused in one line
 * that names its file; nothing fails in another way, nothing takes a second of the processor, and no weight that is not finite is written.
 * `SIGNUM_FUZZ=10000`, as in `deno task test:long`, makes more, `SIGNUM_FUZZ_SEED` others.
 */
import assert from "node:assert/strict";
import process from "node:process";
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import * as Exit from "effect/Exit";
import { openCheckpoint, writeModelDirectory } from "../../../pipelines/models/checkpoint.ts";
import { knownTokens } from "../../../pipelines/models/known_tokens.ts";
import { parseModelConfig } from "../../../pipelines/models/model_config.ts";
import { parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import { ropeFrequencies } from "../../../pipelines/models/rope_table.ts";
import { openTokenizer } from "../../../pipelines/models/tokenizer.ts";
import { type Chance, chanceOf, mutateBytes, mutateJson } from "./mutations.ts";

const golden = new URL("../../golden/models/", import.meta.url).pathname;
const count = Number(Deno.env.get("SIGNUM_FUZZ") ?? 200);
const seed = Number(Deno.env.get("SIGNUM_FUZZ_SEED") ?? 0);

const inFolder = async (use: (dir: string) => Promise<void>) => {
  const dir = Deno.makeTempDirSync();
  await use(dir);
  Deno.removeSync(dir, { recursive: true });
};

/** The value of an effect, or undefined where it fails with a sentence of ours; any other failure is one of the test. */
const outcome = async <A>(
  effect: Effect.Effect<A, { readonly message: string }>,
  what: string,
): Promise<A | undefined> => {
  const exit = await Effect.runPromiseExit(effect);
  if (Exit.isSuccess(exit)) return exit.value;
  const [failure] = exit.cause.reasons.filter(Cause.isFailReason);
  assert.ok(failure !== undefined, `${what}: ${Cause.pretty(exit.cause)}`);
  const { message } = failure.error;
  assert.match(message, /^Cannot (use|read|write) [^\n]{1,2000}$/, what);
  assert.ok(!/ at .*:\d+:\d+/.test(message), `${what}: ${message}`);
  return undefined;
};

/** Seconds of processor time of this process, which other test files share: a mutation that takes long is tried again. */
const processorSeconds = async (run: () => Promise<unknown>): Promise<number> => {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

/** Runs the mutations; says how many were read, and fails where one takes a second of the processor three times. */
const fuzz = async (test: string, one: (chance: Chance, what: string) => Promise<boolean>) => {
  let read = 0;
  let slowest = 0;
  for (let mutation = 0; mutation < count; mutation++) {
    const what = `${test}, seed ${seed}, mutation ${mutation}`;
    const run = () => one(chanceOf(seed, test, mutation), what);
    let seconds = await processorSeconds(async () => read += Number(await run()));
    for (let again = 0; again < 2 && seconds >= 1; again++) seconds = Math.min(seconds, await processorSeconds(run));
    slowest = Math.max(slowest, seconds);
  }
  console.log(`${test}: seed ${seed}, ${count} mutations, ${read} read, the slowest ${slowest.toFixed(2)} s`);
  assert.ok(slowest < 1, `a mutation took ${slowest} s`);
  // A fuzzer whose every file is refused at the first byte shows nothing.
  assert.ok(read > count / 50 && read < count, `${read} of ${count} read`);
};

Deno.test("a damaged config.json is read or refused", async () => {
  const names = ["qwen2_tied", "qwen3_tied", "llama_tied", "llama_untied"];
  const texts = names.map((name) => Deno.readTextFileSync(`${golden}${name}/config.json`));
  await fuzz("config.json", async (chance, what) => {
    const bytes = mutateJson(texts[chance(texts.length)], chance);
    const parsed = parseModelConfig({ file: "config.json", text: new TextDecoder().decode(bytes) });
    if (!parsed.ok) {
      assert.ok(parsed.fault.field !== "" && parsed.fault.expected !== "" && parsed.fault.value.length <= 80, what);
      return false;
    }
    assert.ok(parameterSpecs(parsed.config).length > 0, what);
    assert.ok(ropeFrequencies(parsed.config).every(Number.isFinite), what);
    return await Promise.resolve(true);
  });
});

Deno.test("damaged weights are read or refused, and none that is not finite is written", () =>
  inFolder(async (dir) => {
    const model = `${dir}/model`;
    Deno.mkdirSync(model);
    Deno.copyFileSync(`${golden}qwen3_tied/config.json`, `${model}/config.json`);
    const whole = Deno.readFileSync(`${golden}qwen3_tied/model.safetensors`);
    const header = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));
    let [written, refused] = [0, 0];
    await fuzz("safetensors", async (chance, what) => {
      Deno.writeFileSync(`${model}/model.safetensors`, damaged(whole, header, chance));
      const opened = await outcome(openCheckpoint(model), what);
      if (opened === undefined) return false;
      const values = await outcome(Effect.forEach(opened.names, opened.read), what);
      const isFinite = values?.every((list) => list.every(Number.isFinite)) === true;
      // Writing waits for the disk: those that must be refused, and some that must not.
      if (isFinite && chance(20) > 0) return true;
      const shapes = new Map(parameterSpecs(opened.config).map(({ name, shape }) => [name, shape]));
      const tensors = opened.names.map((name) => ({ name, shape: shapes.get(name) ?? [], read: opened.read(name) }));
      const done = await outcome(writeModelDirectory(`${dir}/out`, { config: opened.config, tensors }), what);
      assert.equal(done !== undefined, isFinite, what);
      written += Number(isFinite);
      refused += Number(!isFinite);
      return true;
    });
    assert.ok(written > 0 && refused > 0, `${written} written, ${refused} refused`);
  }));

/** Weights whose length, header or numbers are damaged. */
const damaged = (whole: Uint8Array<ArrayBuffer>, header: number, chance: Chance): Uint8Array<ArrayBuffer> => {
  const [start, json, numbers] = [whole.subarray(0, 8), whole.subarray(8, header), whole.subarray(header)];
  switch (chance(4)) {
    case 0:
      return Uint8Array.from([...mutateBytes(start, chance), ...json, ...numbers]);
    case 1: {
      const text = mutateJson(new TextDecoder().decode(json), chance);
      const size = new Uint8Array(8);
      new DataView(size.buffer).setBigUint64(0, BigInt(text.length), true);
      return Uint8Array.from([...size, ...text, ...numbers]);
    }
    default: {
      const changed = Uint8Array.from(whole);
      for (let times = 1 + chance(6); times > 0; times--) {
        const at = header + 4 * chance(numbers.length / 4);
        const word = [0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff, chance(2 ** 16) * 2 ** 16][chance(12)];
        if (word !== undefined) new DataView(changed.buffer).setUint32(at, word, true);
      }
      return changed;
    }
  }
};

Deno.test("a damaged tokenizer.json is read or refused", () =>
  inFolder(async (dir) => {
    const names = ["byte_level", "digits", "byte_fallback", "words"];
    const texts = names.map((name) => Deno.readTextFileSync(`${golden}tokenizers/${name}/tokenizer.json`));
    await fuzz("tokenizer.json", async (chance, what) => {
      Deno.writeFileSync(`${dir}/tokenizer.json`, mutateJson(texts[chance(texts.length)], chance));
      await outcome(knownTokens(dir, 400), what);
      const tokenizer = await outcome(openTokenizer(dir), what);
      if (tokenizer === undefined) return false;
      const tokens = tokenizer.encode("Hello  world, 12 + 345\n<|im_end|> é🙂 \u0663");
      assert.ok(tokens.every((token) => token >= 0 && token < tokenizer.size), what);
      assert.equal(typeof tokenizer.decode(tokens), "string", what);
      tokenizer.missingWord("a bc 12");
      return true;
    });
  }));
