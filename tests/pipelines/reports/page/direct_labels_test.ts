import assert from "node:assert/strict";
import {
  type Anchor,
  besideLabels,
  columnWidth,
  lineHeight,
  nearLabels,
  spread,
} from "../../../../pipelines/reports/page/direct_labels.ts";

const box = { left: 50, right: 350, top: 10, bottom: 280 };

Deno.test("names far apart stay where they should be", () => {
  assert.deepEqual(spread([100, 20, 60], 16, 0, 200), [100, 20, 60]);
});

Deno.test("names that would overlap are a gap apart, in their order, around their mean and within the bounds", () => {
  const places = spread([100, 101, 99], 16, 0, 200);
  assert.deepEqual(places, [100, 116, 84]);
  const low = spread([2, 1, 0], 16, 10, 200);
  assert.deepEqual(low, [42, 26, 10]);
  const high = spread([199, 200, 198], 16, 10, 200);
  assert.deepEqual(high, [184, 200, 168]);
});

Deno.test("a column of names keeps them a line apart inside of the panel, however many end at one place", () => {
  const anchors = Array.from({ length: 8 }, (_, index): Anchor => ({ index, name: "NSR", x: 340, y: 12 }));
  const ys = besideLabels(anchors, box).map(({ at }) => at.y).sort((a, b) => a - b);
  for (let i = 1; i < ys.length; i++) assert.ok(ys[i] - ys[i - 1] >= lineHeight - 1e-9);
  assert.ok(ys[0] >= box.top && ys[ys.length - 1] <= box.bottom);
  assert.ok(columnWidth(["W-REINFORCE"]) > columnWidth(["NSR"]));
});

const extent = ({ name, at }: ReturnType<typeof nearLabels>[number]) => {
  const width = 8 * name.length;
  const left = at.align === "start" ? at.x : at.align === "end" ? at.x - width : at.x - width / 2;
  return { left, right: left + width, top: at.y - lineHeight / 2, bottom: at.y + lineHeight / 2 };
};

const overlaps = (a: ReturnType<typeof extent>, b: ReturnType<typeof extent>) =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

Deno.test("names near points hide neither each other nor the points, and stay in the panel", () => {
  const anchors = ["PPO", "GRPO", "PSR", "W-REINFORCE"].map((name, index) => ({
    index,
    name,
    x: 340 - 3 * index,
    y: 100 + 4 * index,
  }));
  const boxes = nearLabels(anchors, anchors, box).map(extent);
  for (const [i, one] of boxes.entries()) {
    assert.ok(one.left >= box.left && one.right <= box.right, JSON.stringify(one));
    for (const other of boxes.slice(i + 1)) assert.ok(!overlaps(one, other));
    for (const { x, y } of anchors) assert.ok(!(x > one.left && x < one.right && y > one.top && y < one.bottom));
  }
});

Deno.test("a name that stands alone is right beside its point, without a line to it", () => {
  const [label] = nearLabels([{ index: 0, name: "NSR", x: 100, y: 100 }], [{ x: 100, y: 100 }], box);
  assert.deepEqual([label.at.align, label.at.y, label.isFar], ["start", 100, false]);
});
