/**
 * Self-tests of optional kernels on the present device. They run at first use; results are cached by device and kernel text. A boundary file: it
 * reads and writes the cache.
 */
import * as Effect from "effect/Effect";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeviceError } from "../gpu/device_info.ts";
import { cacheFolder } from "./swiftshader.ts";

/** A variant, its largest error against the plain kernel, and the allowed error. */
export interface Check<Variant extends string = string> {
  readonly variant: Variant;
  readonly error: number;
  readonly allowed: number;
}

export const selfTestFolder = (): string => join(cacheFolder(), "self_tests");

/** The cached result of `subject` for the same device and kernels (`facts`), else the result of `run`. */
export const remembered = <Variant extends string>(
  subject: string,
  facts: unknown,
  folder: string,
  run: Effect.Effect<ReadonlyArray<Check<Variant>>, DeviceError>,
): Effect.Effect<ReadonlyArray<Check<Variant>>, DeviceError> =>
  Effect.suspend(() => {
    const hash = createHash("sha256").update(JSON.stringify(facts)).digest("hex").slice(0, 16);
    const path = join(folder, `${subject}_${hash}.json`);
    const known = read<Variant>(path);
    return known === undefined
      ? Effect.tap(run, (checks) => Effect.sync(() => write(folder, path, checks)))
      : Effect.succeed(known);
  });

/** The largest difference relative to `size`; infinite if an element is NaN. */
export const difference = (x: Float32Array, y: Float32Array, size = 1): number =>
  y.reduce((worst, _, i) => {
    const error = Math.abs(x[i] - y[i]) / size;
    return error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
  }, 0);

/** Whether a variant passed; NaN fails. */
export const isRight = ({ error, allowed }: Check): boolean => error <= allowed;

/** The note that a variant is not used, with its error. */
export const refusal = (what: string, { variant, error, allowed }: Check): string =>
  `refused ${what} "${variant}": off by ${error.toExponential(1)}, allowed ${allowed.toExponential(1)}`;

/** The cached result; undefined if the file cannot be read. */
const read = <Variant extends string>(path: string): ReadonlyArray<Check<Variant>> | undefined => {
  try {
    // JSON has no infinity: an infinite error is stored as null.
    const rows: ReadonlyArray<Check<Variant>> = JSON.parse(readFileSync(path, "utf8")).checks;
    return rows.map((row) => ({ ...row, error: row.error ?? Infinity }));
  } catch {
    return undefined;
  }
};

const write = (folder: string, path: string, checks: ReadonlyArray<Check>): void => {
  mkdirSync(folder, { recursive: true });
  const partial = `${path}.${Deno.pid}.partial`;
  writeFileSync(partial, `${JSON.stringify({ checks }, null, 2)}\n`);
  renameSync(partial, path);
};
