/**
 * One file and one line are a new algorithm: one that only these tests have is in the registry before anything reads it, and is then held to
 * the laws and to finite differences, and found among the choices of the command line and in the tables' order.
 */
import { throwAwayAlgorithm } from "./throw_away.ts";
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { loadAll } from "../../../pipelines/commands/loaders.ts";
import { parseCommandLine } from "../../../pipelines/commands/command_line.ts";
import { helpOf } from "../../../pipelines/commands/help.ts";
import { seriesName, seriesOf } from "../../../pipelines/reports/series.ts";

const { name } = throwAwayAlgorithm;

/** Tests that were declared by another file, and whether they are left out. */
const declared = new Map<string, boolean>();

// The tests of these files run here too, with the new algorithm among the others.
const { test } = Deno;
Object.assign(Deno, {
  test: (given: string | Deno.TestDefinition, body?: () => void) => {
    const one = typeof given === "string" ? { name: given, fn: body ?? (() => {}) } : given;
    declared.set(one.name, one.ignore === true);
    test(one);
  },
});
await import("./laws_test.ts");
await import("./objective_test.ts");
Object.assign(Deno, { test });

Deno.test("a new algorithm is held to every law that the others are held to", () => {
  const of = (algorithm: string) =>
    [...declared.keys()].filter((test) => test.split(/[ :]/).includes(algorithm)).map((test) =>
      test.replace(algorithm, "it").replace(": no golden numbers", "")
    );
  assert.ok(of(name).length > 5);
  assert.deepEqual(of(name), of("reinforce"));
});

Deno.test("only golden numbers that are missing leave a test out, which says so", () => {
  const left = [...declared].filter(([, isLeftOut]) => isLeftOut).map(([test]) => test);
  assert.deepEqual(left, [`weights, advantages and policyLoss() are PyTorch's for ${name}: no golden numbers`]);
});

Deno.test("a new algorithm is a choice of every command that takes one, and is in its help", async () => {
  const { stages, commands } = await Effect.runPromise(loadAll);
  const taking = [...stages, ...commands].filter(({ settings }) => "algorithm" in settings);
  assert.ok(taking.length > 3);
  for (const command of taking) {
    assert.match(helpOf(command), new RegExp(`--algorithm [^]*\\|${name}\\]`), command.name);
    const { values } = Effect.runSync(Effect.fromResult(parseCommandLine(command, ["--algorithm", name])));
    assert.deepEqual(values, { algorithm: name });
  }
});

Deno.test("a new algorithm has its place in tables and legends, behind the others", () => {
  const rows = ["later", name, "base", "reinforce"].map((algorithm) => ({ algorithm }));
  assert.deepEqual(seriesOf(rows).map(({ label }) => label), ["base", "reinforce", name, "later"]);
  assert.equal(seriesName(name), "THROW-AWAY");
});
