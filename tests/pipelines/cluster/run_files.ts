/** What two runs are compared by. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** Every file of a run with its bytes, but for what says where it lies and how long it took. */
export const filesOf = (run: string) => {
  const files = readdirSync(run, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => relative(run, join(entry.parentPath, entry.name))).toSorted();
  return files.filter((name) => name !== "lock" && !name.startsWith("tensorboard")).map((name) => {
    const bytes = readFileSync(join(run, name));
    if (name === "config.json") return [name, bytes.toString().replace(run, "RUN")];
    if (name === "metrics.ndjson") return [name, bytes.toString().replaceAll(/"timing":\{[^}]*\}/g, "")];
    return [name, bytes.toString("base64")];
  });
};
