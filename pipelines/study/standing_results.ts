/**
 * Compares a study with the existing results in a folder. Records that are equal byte for byte keep their commit, and so do the files
 * derived from them: making the committed results again changes no file.
 */
import { Effect } from "effect";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Table } from "../reports/tables/table.ts";
import type * as Command from "../settings/command.ts";
import { type Provenance, readProvenance } from "./records.ts";
import { differing, type Files } from "./write_files.ts";

/** Every file of a study, and its printed tables. */
export interface Rendered {
  readonly files: Files;
  readonly tables: ReadonlyArray<Table>;
}

/** The files of a study. With `there`, its records keep the commits that `there` names for the same work. */
export interface Made {
  /** The files of the records. */
  readonly records: (there?: Provenance) => ReadonlyMap<string, string>;
  /** All files, derived from those records. */
  readonly files: (there?: Provenance) => Effect.Effect<Rendered, Command.Failure>;
}

/** The files of a folder of results at one time; `provenance` is undefined if there were no results. */
export interface Standing {
  readonly folder: string;
  readonly provenance: Provenance | undefined;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Reads the existing files of a folder of results. */
export const standingIn = Effect.fn("Results.standing")(function* (folder: string) {
  const provenance = yield* readProvenance(folder);
  const entries = provenance === undefined ? [] : yield* Effect.promise(() => readdir(folder, { withFileTypes: true }));
  const files = new Map<string, Uint8Array>();
  for (const { name } of entries.filter((entry) => entry.isFile())) {
    files.set(name, yield* Effect.promise(() => readFile(join(folder, name))));
  }
  const found: Standing = { folder, provenance, files };
  return found;
});

const bytesIn = ({ files }: Standing) => (name: string) => Effect.succeed(files.get(name));

/** The files of a study, with the existing commits if its records are the same. */
export const keeping = Effect.fnUntraced(function* (made: Made, stood: Standing) {
  const { provenance } = stood;
  const records: Files = { texts: new Map(made.records(provenance)), pictures: new Map() };
  const isSame = provenance !== undefined && (yield* differing(records, bytesIn(stood))).length === 0;
  return yield* made.files(isSame ? provenance : undefined);
});

/** A sentence on whether the files equal the existing ones; undefined if there were none. */
export const besides = Effect.fnUntraced(function* (
  made: Made,
  stood: Standing,
  { kind, description }: Pick<DeviceInfo, "kind" | "description">,
) {
  const { folder, provenance } = stood;
  if (provenance === undefined) return undefined;
  const [committed] = provenance.device.split(",");
  if (committed !== kind) {
    const own = `these bytes come of this device's rounding (${kind}, ${description})`;
    return `${own}; SIGNUM_ADAPTER=${committed} gives those of "${folder}"`;
  }
  const { files } = yield* made.files(provenance);
  const wrong = yield* differing(files, bytesIn(stood));
  const count = files.texts.size + files.pictures.size;
  if (wrong.length === 0) {
    return `records, tables and pictures equal those of "${folder}", byte for byte (${count} files)`;
  }
  return `${wrong.length} of ${count} files are not those of "${folder}": ${wrong[0]}`;
});
