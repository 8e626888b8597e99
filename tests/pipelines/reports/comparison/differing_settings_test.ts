import assert from "node:assert/strict";
import {
  differingSettings,
  differingTable,
  labelsOf,
} from "../../../../pipelines/reports/comparison/differing_settings.ts";

const labels = (configs: ReadonlyArray<Record<string, unknown>>, folders = configs.map((_, i) => `runs/${"ab"[i]}`)) =>
  labelsOf(differingSettings(configs), folders);

Deno.test("labels say the settings that differ, an algorithm and a model by themselves", () => {
  assert.deepEqual(labels([{ algorithm: "nsr", seed: 1 }, { algorithm: "psr", seed: 1 }]), ["nsr", "psr"]);
  assert.deepEqual(labels([{ seed: 1 }, { seed: 2 }]), ["seed 1", "seed 2"]);
  assert.deepEqual(labels([{ algorithm: "nsr", learningRate: 1e-4 }, { algorithm: "psr", learningRate: 1e-3 }]), [
    "nsr, learning rate 0.0001",
    "psr, learning rate 0.001",
  ]);
  assert.deepEqual(labels([{ model: "/x/nsr/model" }, { model: "/x/psr/model" }]), ["nsr", "psr"]);
});

Deno.test("labels are the folders where no setting differs, or not all are told apart", () => {
  assert.deepEqual(labels([{ seed: 1 }, { seed: 1 }]), ["a", "b"]);
  assert.deepEqual(labels([{ seed: 1 }, { seed: 1 }], ["runs/a", "runs/a"]), ["runs/a (1)", "runs/a (2)"]);
  assert.deepEqual(labels([{ seed: 1 }, { seed: 2 }, { seed: 1 }], ["x/1/a", "x/2/a", "x/3/a"]), ["1", "2", "3"]);
});

Deno.test("what changes no result is no difference, and digests are shown short", () => {
  const differing = differingSettings([
    { out: "a", batch: 1, base: "a".repeat(64), sources: { problems: "b".repeat(64) } },
    { out: "b", batch: 2, base: "a".repeat(64), sources: { problems: "c".repeat(64) }, lambda: 0.5 },
  ]);
  const { blocks } = differingTable(differing, ["A", "B"]);
  assert.deepEqual(blocks[0].rows.map((row) => row.map(({ text }) => text)), [
    ["lambda", "–", "0.5"],
    ["sources.problems", "b".repeat(12), "c".repeat(12)],
  ]);
  assert.deepEqual(differingTable([], ["A", "B"]).notes, ["No setting differs."]);
});
