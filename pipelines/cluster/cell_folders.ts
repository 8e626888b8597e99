/**
 * The folders in which this machine's workers run cells. A finished cell removes its own; that of a killed worker stays, for the worker that goes on
 * with it. If another machine has finished the cell, nobody comes back to it, so what stands unchanged for long is removed.
 */
import { Effect } from "effect";
import { join } from "node:path";
import { home } from "../files/home.ts";
import { removeUnchanged, type RunError, sweep } from "../files/run_directory.ts";
import { type FileError, namesIn } from "../files/text_file.ts";

/** The folder of this machine's cells. */
const cellsFolder = (): string => join(home(), "cluster", "cells");

/** The folder of a cell by the hash of its job, 32 hexadecimal digits; `index` counts those that other processes work in. */
export const cellFolder = (hash: string, index: number): string =>
  join(cellsFolder(), index === 0 ? hash : `${hash}_${index}`);

/** Removes the folders of cells that did not change since `before` (ms) and that no live worker runs in; returns how many. */
export const sweepCells = Effect.fnUntraced(function* (
  before: number,
  folder: string = cellsFolder(),
): Effect.fn.Return<number, FileError | RunError> {
  // What a killed process began to remove.
  yield* sweep(folder);
  let count = 0;
  for (const name of yield* namesIn(folder)) {
    if (!/^[0-9a-f]{32}(_\d+)?$/.test(name)) continue;
    if (yield* removeUnchanged(join(folder, name), before)) count++;
  }
  return count;
});
