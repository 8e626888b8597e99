/**
 * A stage without a model, for what the cluster does around the work: each line of a block is answered by its hash, after a pause. As a program it is a
 * worker, or a command that hands the blocks out and writes the answers: `plain_stage.ts '{"is": "command", …}'`.
 */
import { Effect, Stream } from "effect";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import type { MakeRunner, StageWork } from "../../../pipelines/cluster/jobs.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
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

/** The blocks as work. */
export const plainWork = ({ blocks = 1, pause = 0, lines = 1 }: Partial<Plain>): StageWork<string, never, never> => ({
  stage: "plain",
  settings: { pause, lines },
  blocks: Array.from({ length: blocks }, (_, i) => ({ text: `block ${i}\n` })),
  here: Stream.fromIterable(Array.from({ length: blocks }, (_, i) => answerOf(`block ${i}\n`, lines))),
  decode: (text) => Effect.succeed([text]),
});

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

if (import.meta.main) {
  const given: Plain = JSON.parse(Deno.args[0]);
  const program = given.is === "worker"
    ? Effect.provideService(
      work(given, given.lease ?? 2, { plain: plainRunner(given.slow) }),
      Policy,
      plainPolicy(given.kind),
    )
    : command(given);
  await main(Effect.scoped(program));
}
