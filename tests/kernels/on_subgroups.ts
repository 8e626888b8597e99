/**
 * Tests of kernels that need what `wasm` does not have: subgroups, and workgroups whose invocations wait for each other. They run on the device
 * of this run where it has those, else on an emulated card.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { type CardOptions, emulatedCard } from "../../kernels/wasm/interpreter/emulated_card.ts";
import { adapterOfTests } from "../adapter.ts";
import { testOnDevice } from "./run_case.ts";

/** Whether such tests run on an emulated card, which computes slowly. */
export const isEmulated = adapterOfTests === "wasm";

/** A test that needs subgroups; an emulated card is a new one, and must find no fault. */
export const testOnSubgroups = (
  name: string,
  body: (encoder: Encoder) => Effect.Effect<void, unknown>,
  options: CardOptions = {},
): void => {
  if (!isEmulated) return testOnDevice(name, body);
  Deno.test(`emulated card: ${name}`, () => {
    const encoder = emulatedCard(options);
    return Effect.runPromise(Effect.map(body(encoder), () => assert.deepEqual(encoder.card.faults, [])));
  });
};
