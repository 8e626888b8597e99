/** The names of lines in a column to the right of a panel, so that it is readable without colours and legend. */

/** Height of a line of text, and the largest width of a letter, in pixels. */
export const lineHeight = 16;
const letter = 8;

/** The width of a column of names with the gap before it; 0 for a single name, which is not shown. */
export const columnWidth = (names: ReadonlyArray<string>): number =>
  names.length < 2 ? 0 : letter * Math.max(...names.map((name) => name.length)) + 18;

/** Positions at least `gap` apart between `low` and `high`, each as near as possible to its target. */
export const spread = (
  wanted: ReadonlyArray<number>,
  gap: number,
  low: number,
  high: number,
): ReadonlyArray<number> => {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  // Neighbours that would overlap become one block, centred on the mean of their targets.
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
