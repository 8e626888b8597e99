/**
 * A folder and a line are a new op: one that only these tests have is in the registry before anything reads it, and is then checked as the others
 * are, on the device of the tests and through Dawn; that its work is not counted is an error.
 */
import { throwAwayOp } from "./throw_away.ts";
import assert from "node:assert/strict";

const { name } = throwAwayOp;

/** The tests of the new op that other files declare; those of other ops run there. */
const declared = new Map<string, Deno.TestDefinition>();

const { test } = Deno;
Object.assign(Deno, {
  test: (given: string | Deno.TestDefinition, body?: Deno.TestDefinition["fn"]) => {
    const one = typeof given === "string" ? { name: given, fn: body ?? (() => {}) } : given;
    if (one.name.split(/[ :]/).includes(name)) declared.set(one.name, one);
  },
});
await import("./conformance_test.ts");
await import("./determinism_test.ts");
await import("./gradient_test.ts");
await import("../device/dawn_test.ts");
const checked = [...declared.keys()];
for (const one of declared.values()) test(one);
await import("../bench/kernel_work_test.ts");
Object.assign(Deno, { test });

Deno.test("a new op is held to float64, to finite differences, and to the same bits, twice read and through Dawn", () => {
  assert.deepEqual(checked, [
    `${name} is as exact as float32 allows, and so are its gradients`,
    `${name} adds up the gradients of inputs that are read twice`,
    `${name} gives the same bits twice, whatever its buffers held`,
    `${name} gives a row the same bits whatever the number of rows`,
    `the vjp of ${name} agrees with finite differences in float64`,
    `Dawn: ${name} is as exact as float32 allows, and so are its gradients`,
    `Dawn: ${name} adds up the gradients of inputs that are read twice`,
  ]);
});

Deno.test("an op whose work is not counted is an error that names kernel and file", async (context) => {
  const counted = declared.get(`the operations of ${name} are counted on every device`);
  assert.ok(counted !== undefined);
  await assert.rejects(async () => await counted.fn(context), /"throw_away" on plain, in kernel_work\.ts: no entry/);
});
