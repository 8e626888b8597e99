/**
 * `deno task pack`: Deno, `node_modules` and the Vulkan loader in a folder that makes a checkout run on a bare x86-64 Linux machine with a GPU
 * driver and no network; `deno task parts`: files of any size, weights say, in parts that travel. Both put a shell script beside
 * the parts that joins and checks them there.
 */
import { Effect, Struct } from "effect";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { attempt, partBytes, splitFile, splittable, writeScript } from "./pack/parts.ts";
import runScript from "./pack/run.sh" with { type: "text" };
import { type Piece, runtimePieces } from "./pack/runtime.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { archive, files } from "../settings/groups.ts";
import { withDefault } from "../settings/setting.ts";
import { StandardStreams } from "../files/standard_streams.ts";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const partsOf = (bytes: number, most: number): number => Math.max(1, Math.ceil(bytes / most));

/** What each piece is, a line each. */
const pieceLines = (pieces: ReadonlyArray<Piece>): ReadonlyArray<string> => [
  ...pieces.map(({ name, from, bytes, files, leftOut }) =>
    `${name}: ${megabytes(bytes)}${files === 1 ? "" : ` in ${files} files and folders`} from ${from}${
      leftOut === 0 ? "" : `; ${megabytes(leftOut)} of other systems and of debuggers' maps are left out`
    }`
  ),
  `in all ${megabytes(pieces.reduce((sum, { bytes }) => sum + bytes, 0))} before compression`,
];

/** What each file is cut into, a line each; fails for one that cannot be, and for two that would be one there. */
const fileLines = Effect.fnUntraced(function* (command: string, files: ReadonlyArray<string>, most: number) {
  const lines: string[] = [];
  for (const [i, file] of files.entries()) {
    const twin = files.slice(0, i).find((other) => basename(other) === basename(file));
    if (twin !== undefined) {
      return yield* new Command.UsageError({
        message: `Cannot run "${command}": "${twin}" and "${file}" would have the same name`,
      });
    }
    const bytes = yield* splittable(file);
    lines.push(`${basename(file)}: ${megabytes(bytes)} in ${partsOf(bytes, most)} parts`);
  }
  return lines;
});

/** The same before anything is done: where it cannot be, why. */
const plannedLines = (command: string, files: ReadonlyArray<string>, partSize: number) =>
  Effect.match(fileLines(command, files, partBytes(partSize)), {
    onFailure: ({ message }) => [message],
    onSuccess: (lines) => lines,
  });

const splitAll = Effect.fnUntraced(function* (files: ReadonlyArray<string>, out: string, most: number) {
  const { report } = yield* StandardStreams;
  for (const file of files) {
    const count = yield* splitFile(file, out, most);
    yield* report(`${join(out, basename(file))}: ${count} parts, joined by: sh ${join(out, "join")}`);
  }
});

/** `deno task pack`. */
export const packCommand = makeCommand({
  name: "pack",
  summary: "Packs Deno, node_modules and the Vulkan loader to run this checkout offline on a bare Linux machine",
  settings: { out: withDefault(files.out, ".gpu"), ...archive },
  positional: {
    name: "FILE",
    summary: "files that travel along, in parts: weights, say",
    optional: true,
    many: true,
  },
  plan: ({ partSize }, files) =>
    Effect.gen(function* () {
      const pieces = yield* Effect.match(runtimePieces(Deno.cwd()), {
        onFailure: ({ message }) => [message],
        onSuccess: pieceLines,
      });
      return [...pieces, ...yield* plannedLines("pack", files, partSize)];
    }),
  run: Effect.fnUntraced(function* ({ out = ".gpu", partSize }, files) {
    const most = partBytes(partSize);
    const { report } = yield* StandardStreams;
    yield* fileLines("pack", files, most);
    const pieces = yield* runtimePieces(Deno.cwd());
    for (const line of pieceLines(pieces)) yield* report(line);
    for (const piece of pieces) {
      yield* piece.write(out);
      yield* splitFile(join(out, piece.name), out, most);
      // What the parts hold is joined again where it is used.
      yield* attempt("pack", piece.name, () => rm(join(out, piece.name)));
      yield* report(`packed ${piece.name}`);
    }
    yield* splitAll(files, out, most);
    yield* writeScript(join(out, "run"), runScript);
    yield* report(`there, in the project's root: sh ${out}/run task doctor`);
  }),
});

/** `deno task parts`. */
export const partsCommand = makeCommand({
  name: "parts",
  summary: "Splits files into parts with SHA-256 sums and a shell script that joins and checks them",
  settings: { ...Struct.pick(files, ["out"]), ...archive },
  required: ["out"],
  positional: { name: "FILE", summary: "files of any size", many: true },
  plan: ({ partSize }, files) => plannedLines("parts", files, partSize),
  run: Effect.fnUntraced(function* ({ out, partSize }, files) {
    const most = partBytes(partSize);
    yield* fileLines("parts", files, most);
    yield* splitAll(files, out, most);
  }),
});
