/**
 * Where the names of series stand inside of a panel, so that nobody needs its colours or its key: beside the ends of lines, in a column pushed
 * apart, or near single points wherever there is room. Plain geometry in the units of the drawing.
 */

/** The end of a series. */
export interface Anchor {
  readonly index: number;
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

/** A name with its place: the baseline of its text begins, ends or is centred at (x, y). */
export interface PlacedLabel extends Anchor {
  readonly at: { readonly x: number; readonly y: number; readonly align: "start" | "mid" | "end" };
  /** Whether the name is so far from its point that a line must say which it belongs to. */
  readonly isFar: boolean;
}

/** A part of the drawing. */
export interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Height of a line of text, and how wide a character is at most. */
export const lineHeight = 16;
const character = 8;

/** How wide a column of names is, with the gap before it. */
export const columnWidth = (names: ReadonlyArray<string>): number =>
  names.length === 0 ? 0 : character * Math.max(...names.map((name) => name.length)) + 18;

/** Places at least `gap` apart between `low` and `high`, each as near to where it should be as the others let it. */
export const spread = (
  wanted: ReadonlyArray<number>,
  gap: number,
  low: number,
  high: number,
): ReadonlyArray<number> => {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  // Neighbours that would overlap become one block, which stands around the mean of what its members want.
  const blocks: Array<{ members: number[]; start: number }> = [];
  for (const i of order) {
    blocks.push({ members: [i], start: wanted[i] });
    while (blocks.length > 1) {
      const [before, last] = blocks.slice(-2);
      if (before.start + gap * before.members.length <= last.start) break;
      const members = [...before.members, ...last.members];
      const start = members.reduce((sum, one, place) => sum + wanted[one] - gap * place, 0) / members.length;
      blocks.splice(-2, 2, { members, start });
    }
  }
  const places = new Array<number>(wanted.length).fill(0);
  let free = low;
  for (const { members, start } of blocks) {
    const end = Math.max(free, start);
    members.forEach((one, place) => places[one] = end + gap * place);
    free = end + gap * members.length;
  }
  let limit = high;
  for (const i of order.toReversed()) {
    places[i] = Math.min(places[i], limit);
    limit = places[i] - gap;
  }
  return places;
};

/** Names in a column right of a panel, in the order of the ends of their lines. */
export const besideLabels = (anchors: ReadonlyArray<Anchor>, box: Box): ReadonlyArray<PlacedLabel> => {
  const places = spread(anchors.map(({ y }) => y), lineHeight, box.top + 4, box.bottom - 2);
  return anchors.map((anchor, i) => ({
    ...anchor,
    at: { x: box.right + 16, y: places[i], align: "start" },
    isFar: true,
  }));
};

const boxOf = (name: string, { x, y, align }: PlacedLabel["at"]): Box => {
  const width = character * name.length;
  const left = align === "start" ? x : align === "end" ? x - width : x - width / 2;
  return { left, right: left + width, top: y - lineHeight / 2, bottom: y + lineHeight / 2 };
};

const overlap = (a: Box, b: Box): number =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
  Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

const directions = [[1, 0], [1, -1], [1, 1], [0, -1], [0, 1], [-1, -1], [-1, 1], [-1, 0]] as const;

const candidates = ({ x, y }: Anchor): ReadonlyArray<PlacedLabel["at"]> =>
  [10, 26, 44, 62, 84].flatMap((far) =>
    directions.map(([right, down]) => ({
      x: x + right * (down === 0 ? far : far * 0.8),
      y: y + down * (right === 0 ? far + 2 : far * 0.8),
      align: right > 0 ? "start" as const : right < 0 ? "end" as const : "mid" as const,
    }))
  );

/** Names beside single points: each where it hides the least of the points and of the names before it. */
export const nearLabels = (
  anchors: ReadonlyArray<Anchor>,
  points: ReadonlyArray<{ readonly x: number; readonly y: number }>,
  box: Box,
): ReadonlyArray<PlacedLabel> => {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 5, right: x + 5, top: y - 5, bottom: y + 5 }));
  return anchors.map((anchor) => {
    const places = candidates(anchor);
    const costs = places.map((at, i) => {
      const own = boxOf(anchor.name, at);
      const inside = overlap(own, box) / ((own.right - own.left) * lineHeight);
      return taken.reduce((sum, one) => sum + overlap(own, one), 0) + 4000 * (1 - inside) + 4 * i;
    });
    const best = costs.indexOf(Math.min(...costs));
    taken.push(boxOf(anchor.name, places[best]));
    return { ...anchor, at: places[best], isFar: best >= directions.length };
  });
};
