import assert from "node:assert/strict";
import { doubling, linear, named, percents } from "../../../../pipelines/reports/page/scale.ts";

Deno.test("percents never go beyond 100, and never magnify hundredths", () => {
  const flat = percents([100, 100]);
  assert.deepEqual([flat.at(98), flat.at(100)], [0, 1]);
  assert.equal(flat.ticks[flat.ticks.length - 1], 100);
  const wide = percents([62, 99]);
  assert.deepEqual([wide.at(100), wide.ticks[0]], [1, 60]);
  assert.ok(percents([99.97, 99.99]).ticks.every((tick) => tick <= 100));
});

Deno.test("a linear axis holds its values at even steps of 1, 2 or 5", () => {
  const { ticks, at, label } = linear([0.12, 0.47]);
  assert.deepEqual(ticks.map(label), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
  assert.ok(at(0.12) >= 0 && at(0.47) <= 1);
  assert.deepEqual(linear([-0.1, 0.1]).ticks.map(linear([-0.1, 0.1]).label)[0], "−0.10");
});

Deno.test("doublings are equally long, names equally far apart", () => {
  const { at } = doubling([1, 2, 256]);
  assert.ok(Math.abs((at(2) - at(1)) * 7 - (at(256) - at(2))) < 1e-12);
  const { at: place, label } = named(["0", "0.1"]);
  assert.deepEqual([place(0), place(1), label(1)], [0.25, 0.75, "0.1"]);
});
