/**
 * A stage without a model, for what the cluster does around the work: each line of a block is answered by its hash, after a pause. As a program it is a
 * worker, or a command that hands the blocks out and writes the answers: `plain_stage.ts '{"is": "command", …}'`.
 */
// As in the entry point: what a process does over hours must not depend on what it keeps for each fiber.
import "../../../pipelines/commands/plain_fibers.ts";
import { Effect, Stream } from "effect";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import type { MakeRunner, StageWork } from "../../../pipelines/cluster/jobs.ts";
import { type Upkeep, work } from "../../../pipelines/cluster/worker.ts";
import { main } from "../../../pipelines/commands/platform.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { sha256 } from "../../../pipelines/records/text.ts";

/** What a process does, and where. */
export interface Plain {
  readonly is: "worker" | "command";
  readonly cluster: string;
  readonly store: string;
  readonly lease?: number;
  readonly ahead?: number;
  readonly storePort?: number;
  /** The kind of device that it claims. */
  readonly kind?: DeviceInfo["kind"];
  /** Blocks, milliseconds of work for each, and lines of an answer. */
  readonly blocks?: number;
  readonly pause?: number;
  /** How many times slower than others a worker is. */
  readonly slow?: number;
  readonly lines?: number;
  readonly out?: string;
  /** The seconds for which a command hands out the blocks again and again, each time as other jobs. */
  readonly seconds?: number;
  /** How long a worker keeps things. */
  readonly upkeep?: Upkeep;
}

const answerOf = (text: string, lines: number): string => `${sha256(text)}\n`.repeat(lines);

/** What one undisturbed process writes. */
export const undisturbed = (blocks: number, lines = 1): string =>
  Array.from({ length: blocks }, (_, i) => answerOf(`block ${i}\n`, lines)).join("");

/** The runner of the stage. */
export const plainRunner = (slow = 1): MakeRunner =>
  Effect.succeed(({ settings: { pause, lines }, text }) =>
    Effect.delay(Effect.succeed(answerOf(text, Number(lines))), `${slow * Number(pause)} millis`)
  );

/** The blocks as work; those of another round are other jobs. */
export const plainWork = (
  { blocks = 1, pause = 0, lines = 1 }: Partial<Plain>,
  round?: number,
): StageWork<string, never, never> => {
  const texts = Array.from({ length: blocks }, (_, i) => `${round === undefined ? "" : `round ${round} `}block ${i}\n`);
  return {
    stage: "plain",
    settings: { pause, lines },
    blocks: texts.map((text) => ({ text })),
    here: Stream.fromIterable(texts.map((text) => answerOf(text, lines))),
    decode: (text) => Effect.succeed([text]),
  };
};

/** A device that nothing asks for more than its name. */
export const plainDevice = (
  kind: DeviceInfo["kind"] = "wasm",
): DeviceInfo => ({ kind, description: "none" } as DeviceInfo);

const nothing = Effect.die(new Error("there is no model"));

/** The policy of a worker of the stage. */
export const plainPolicy = (kind?: DeviceInfo["kind"]): typeof Policy.Service => ({
  encoder: {} as Encoder,
  info: plainDevice(kind),
  load: () => nothing,
  tokenizer: () => nothing,
});

const command = Effect.fnUntraced(function* (given: Plain) {
  const { run } = yield* handOut(given, plainDevice(given.kind));
  const texts = yield* Stream.runCollect(run(plainWork(given)));
  Deno.writeTextFileSync(given.out ?? "", texts.join(""));
});

/** What a command says of itself while it hands out rounds; its memory is that after a collection, which does not depend on how fast the rounds are. */
const soakLine = (rounds: number, jobs: number, collect: () => void): string => {
  collect();
  const { rss, heapUsed } = Deno.memoryUsage();
  return `soak: ${JSON.stringify({ rounds, jobs, rss, heapUsed })}\n`;
};

/** The collector of V8. */
const collector = (): () => void => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
};

/** Hands out rounds of jobs for some seconds; every second round is one whose results nobody asks for again. */
const soak = Effect.fnUntraced(function* (given: Plain, seconds: number) {
  const { run } = yield* handOut(given, plainDevice(given.kind));
  const end = performance.now() + 1000 * seconds;
  const collect = collector();
  let jobs = 0;
  for (let round = 0; performance.now() < end; round++) {
    const work = { ...plainWork(given, round), transient: round % 2 === 1 };
    const [texts, expected] = [yield* Stream.runCollect(run(work)), yield* Stream.runCollect(work.here)];
    if (texts.join("") !== expected.join("")) throw new Error(`round ${round} has other bytes`);
    jobs += texts.length;
    Deno.stderr.writeSync(new TextEncoder().encode(soakLine(round + 1, jobs, collect)));
  }
});

if (import.meta.main) {
  const given: Plain = JSON.parse(Deno.args[0]);
  const program = given.is === "worker"
    ? Effect.provideService(
      work(given, given.lease ?? 2, { plain: plainRunner(given.slow) }, undefined, given.upkeep),
      Policy,
      plainPolicy(given.kind),
    )
    : given.seconds === undefined
    ? command(given)
    : soak(given, given.seconds);
  await main(Effect.scoped(program));
}
