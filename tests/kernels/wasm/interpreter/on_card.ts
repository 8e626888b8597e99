/** Tests on emulated cards, and single kernels given as text. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import type { DeviceError } from "../../../../kernels/gpu/device_info.ts";
import { makeKernel } from "../../../../kernels/gpu/kernel.ts";
import {
  type CardOptions,
  emulatedCard,
  type EmulatedEncoder,
} from "../../../../kernels/wasm/interpreter/emulated_card.ts";

/** A test on a card of its own, which must find no fault. */
export const testOnCard = (
  name: string,
  options: CardOptions,
  body: (encoder: EmulatedEncoder) => Effect.Effect<void, unknown>,
): void => {
  const { lanes = 32, matrix = false, cooperative = false } = options;
  const kernels = [...matrix ? ["matrix"] : [], ...cooperative ? ["cooperative"] : []].join(" and ") || "plain";
  Deno.test(`${lanes} lanes, ${kernels} kernels: ${name}`, () => {
    const encoder = emulatedCard(options);
    return Effect.runPromise(Effect.map(body(encoder), () => assert.deepEqual(encoder.card.faults, [])));
  });
};

/** How a text is run. */
export interface TextOptions extends CardOptions {
  readonly groups?: readonly [number, number?, number?];
  /** Words of the first binding, which is read; an element that is undefined was never written. */
  readonly given?: ReadonlyArray<number | undefined>;
  /** Words of the second binding, zero before. */
  readonly results?: number;
}

/** What a kernel `main` with a binding that is read and one that is written leaves in the second, or its fault. */
export const runText = (
  source: string,
  { groups = [1], given = [0], results = 1, ...options }: TextOptions = {},
): Effect.Effect<{ readonly words: ReadonlyArray<number>; readonly fault: string | undefined }, DeviceError> =>
  Effect.gen(function* () {
    const encoder = emulatedCard(options);
    const kernel = makeKernel(source);
    const input = encoder.tensor(1, given.length);
    given.forEach((word, i) => {
      if (word !== undefined) encoder.write({ ...input, offset: i }, Uint32Array.of(word));
    });
    // The buffers of the pool are longer; kernels see what they ask for.
    const bound = { ...input, storage: { ...input.storage, bytes: given.length * 4 } };
    const output = encoder.upload(new Uint32Array(results), 1, results);
    encoder.dispatch(kernel, {
      tensors: [bound, { ...output, storage: { ...output.storage, bytes: results * 4 } }],
      params: { n: given.length },
      groups,
    });
    encoder.submit();
    const [fault] = encoder.card.faults;
    return { words: fault === undefined ? [...yield* encoder.readWords(output)] : [], fault };
  });

/** The declarations that `runText` binds to. */
export const bindings = `
struct Params { n: u32 }
@group(0) @binding(0) var<storage, read> given: array<u32>;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;
`;
