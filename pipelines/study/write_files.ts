/** The files of a study: texts and pictures by name, written as whole files to its folder of results. */
import { Effect } from "effect";
import { Buffer } from "node:buffer";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import * as Safetensors from "../files/safetensors.ts";
import type { Chart } from "../reports/figures/chart.ts";
import { pngOf, svgOf } from "../reports/figures/picture.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { readRunText } from "../files/run_directory.ts";
import { type FileError, readBytes } from "../files/text_file.ts";

/** The files of a study by their names, before they are written. */
export interface Files {
  readonly texts: Map<string, string>;
  readonly pictures: Map<string, Uint8Array>;
}

/** Adds a figure as SVG and PNG; returns the name of the SVG. */
export const addFigure = Effect.fnUntraced(function* (files: Files, chart: Chart) {
  const file = chart.name.replaceAll("-", "_");
  files.texts.set(`${file}.svg`, yield* svgOf(chart));
  files.pictures.set(`${file}.png`, yield* pngOf(chart));
  return `${file}.svg`;
});

const encoder = new TextEncoder();

/** Writes the files that differ from the existing ones; returns their names. */
export const writeFiles = Effect.fnUntraced(function* (out: string, { texts, pictures }: Files) {
  yield* Safetensors.attempt("write", out, () => mkdir(out, { recursive: true }));
  const written: string[] = [];
  const there = bytesBelow(out);
  for (const [file, content] of [...texts, ...pictures]) {
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    if (isSame(bytes, yield* there(file))) continue;
    yield* RunDirectory.writeText(join(out, file), bytes);
    written.push(file);
  }
  return written;
});

/** The bytes of the files of a folder by name; undefined for a missing file. */
export const bytesBelow = (folder: string) => (name: string): Effect.Effect<Uint8Array | undefined, FileError> =>
  readBytes(join(folder, name));

const isSame = (bytes: Uint8Array, found: Uint8Array | undefined): boolean =>
  found !== undefined && Buffer.compare(bytes, found) === 0;

/** The differing files, each as a phrase with its name and the first differing byte. */
export const differing = Effect.fnUntraced(function* (
  { texts, pictures }: Files,
  bytesOf: (name: string) => Effect.Effect<Uint8Array | undefined, FileError>,
) {
  const wanted = [...[...texts].map(([file, text]) => [file, encoder.encode(text)] as const), ...pictures];
  const wrong: string[] = [];
  for (const [file, bytes] of wanted) {
    const found = yield* bytesOf(file);
    if (found === undefined) wrong.push(`"${file}" is not there`);
    else if (!isSame(bytes, found)) {
      const first = bytes.findIndex((byte, i) => byte !== found[i]);
      wrong.push(`"${file}" differs at byte ${first < 0 ? bytes.length : first}`);
    }
  }
  return wrong;
});

/** The commit that is checked out in a folder, if that is a clone or one of its worktrees (`git help repository-layout`). */
export const commitIn = Effect.fnUntraced(function* (folder: string) {
  const text = (path: string) => Effect.orElseSucceed(readRunText(resolve(folder, path)), () => undefined);
  const linked = (yield* text(".git"))?.match(/^gitdir: (.+)/)?.[1];
  const own = linked ?? ".git";
  const head = (yield* text(join(own, "HEAD")))?.trim();
  if (head === undefined || !head.startsWith("ref: ")) return head;
  const ref = head.slice(5);
  const shared = resolve(folder, own, (yield* text(join(own, "commondir")))?.trim() ?? ".");
  const loose = (yield* text(join(shared, ref)))?.trim();
  const packed = (yield* text(join(shared, "packed-refs")))?.split("\n").find((line) => line.endsWith(` ${ref}`));
  return loose ?? packed?.split(" ")[0];
});

/** The commit that this process runs. */
export const commitOf = Effect.suspend(() => commitIn("."));
