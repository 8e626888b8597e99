/**
 * The rooms of the sources, from the ground up: a file imports only from its own room and from those above it in this list, types included.
 * A row that ends in "/" is a folder with everything below it, one that ends in "/*" is the files of a folder alone, any other is one file;
 * where several rows fit a file, the longest is its room. A new folder begins with its row here.
 */
export const rooms: ReadonlyArray<string> = [
  "data/models/",
  "data/arithmetic/",
  "data/elementary/",
  "data/*",
  "data/grading/",
  "data/paper/",
  "data/tasks/",
  "data/mod.ts",
  "kernels/wgsl/",
  "kernels/gpu/",
  "kernels/wasm/",
  "kernels/ops/",
  "kernels/device/",
  "kernels/bench/",
  "pipelines/records/",
  "pipelines/settings/setting.ts",
  "pipelines/algorithms/",
  "pipelines/files/",
  "pipelines/settings/",
  "pipelines/models/families/",
  "pipelines/models/",
  "pipelines/recipes/",
  "pipelines/cluster/",
  "pipelines/sampling/",
  "pipelines/learning/",
  "pipelines/stages/",
  "pipelines/insights/",
  "pipelines/planning/",
  "pipelines/rollouts/",
  "pipelines/training/",
  "pipelines/reports/",
  "pipelines/evaluation/",
  "pipelines/serving/",
  "pipelines/study/",
  "pipelines/bench/",
  "pipelines/commands/",
  "pipelines/cli.ts",
];

/** Rooms that know nothing of the folders behind them, though those are further down: an algorithm, and the records that it is told by, need no kernel. */
const strangers: Readonly<Record<string, string>> = {
  "pipelines/records/": "kernels/",
  "pipelines/algorithms/": "kernels/",
};

const rank = (path: string): number => {
  let best = -1;
  for (const [i, row] of rooms.entries()) {
    const folder = row.endsWith("/*") ? row.slice(0, -1) : row;
    const fits = row.endsWith("/")
      ? path.startsWith(row)
      : row.endsWith("/*")
      ? path.startsWith(folder) && !path.slice(folder.length).includes("/")
      : path === row;
    if (fits && (best < 0 || row.length > rooms[best].length)) best = i;
  }
  return best;
};

/** The room of a file; undefined for one that has none. */
export const roomOf = (path: string): string | undefined => rooms[rank(path)];

/** What is wrong with an import, both files named from the root of the repository; undefined for one that may stand. */
export const importProblem = (from: string, to: string): string | undefined => {
  const homeless = [from, to].find((path) => rank(path) < 0);
  if (homeless !== undefined) return `"${homeless}" has no room in .ci/rooms.ts`;
  const stranger = strangers[rooms[rank(from)]];
  if (stranger !== undefined && to.startsWith(stranger)) {
    return `${rooms[rank(from)]} may import nothing of ${stranger}: "${to}"`;
  }
  if (rank(to) <= rank(from)) return undefined;
  return `${rooms[rank(from)]} may not import ${rooms[rank(to)]}: "${to}" stands below it in .ci/rooms.ts`;
};
