import assert from "node:assert/strict";
import type { Phase } from "../../../pipelines/planning/memory_plan.ts";
import { roomLines } from "../../../pipelines/planning/plan_table.ts";

const gibibyte = 2 ** 30;
const none = new Map<string, number>();
const phase = (name: Phase["name"], reservedPeak: number): Phase => ({
  name,
  statistics: { live: 0, reserved: 0, peak: reservedPeak, reservedPeak, use: none, most: none },
});

Deno.test("a device that knows its memory says whether the plan fits, another says nothing", () => {
  const phases = [phase("sample", gibibyte), phase("gradient", 3 * gibibyte)];
  const on = (kind: "wasm" | "gpu" | "lavapipe", memory: number) => roomLines(phases, { kind, maxBuffer: memory });
  assert.deepEqual(on("wasm", 3 * gibibyte), ["this device has 3.00 GiB: fits"]);
  assert.deepEqual(on("wasm", 2.5 * gibibyte), ["this device has 2.50 GiB: too small"]);
  assert.deepEqual([...on("gpu", gibibyte), ...on("lavapipe", gibibyte)], []);
});
