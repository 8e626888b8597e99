/**
 * Self-tests of kernels that were never seen on the device at hand: run at first use and remembered in the cache, by device and by the text of
 * the kernels. A boundary file: it reads and writes the cache.
 */
import * as Effect from "effect/Effect";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { DeviceError } from "../gpu/device_info.ts";
import { cacheFolder } from "./swiftshader.ts";

/** One variant: how far it is from the plain kernel at most, and how far it may be. */
export interface Check<Variant extends string = string> {
  readonly variant: Variant;
  readonly error: number;
  readonly allowed: number;
}

/** Where the results lie. */
export const selfTestFolder = (): string => join(cacheFolder(), "self_tests");

/** What an earlier test of `subject` found for the same device and kernels (`facts`), else what `run` finds now. */
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

/** The largest difference, by the size of operands or results; infinite where it is not a number. */
export const difference = (x: Float32Array, y: Float32Array, size = 1): number =>
  y.reduce((worst, _, i) => {
    const error = Math.abs(x[i] - y[i]) / size;
    return error <= worst ? worst : Number.isNaN(error) ? Infinity : error;
  }, 0);

/** Whether a variant is right; an error that is no number is not. */
export const isRight = ({ error, allowed }: Check): boolean => error <= allowed;

/** The line that says which variant is not used, and why. */
export const refusal = (what: string, { variant, error, allowed }: Check): string =>
  `refused ${what} "${variant}": off by ${error.toExponential(1)}, allowed ${allowed.toExponential(1)}`;

/** What stands in the cache; a file that cannot be read counts as none. */
const read = <Variant extends string>(path: string): ReadonlyArray<Check<Variant>> | undefined => {
  try {
    // JSON has no infinity: a variant that gave no numbers at all was written as null.
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
