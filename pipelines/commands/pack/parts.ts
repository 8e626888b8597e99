/**
 * Files in parts that travel: every part below a size, its SHA-256 and that of the whole in a manifest that `sha256sum -c` reads, and beside them
 * a shell script that joins and checks them where nothing is installed yet. The manifest is written last, so what has one is whole. A boundary
 * file: it meets files.
 */
import * as Schema from "@effect/schema";
import { Effect } from "effect";
import { createHash } from "node:crypto";
import { chmod, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import * as RunDirectory from "../../files/run_directory.ts";
import joinScript from "./join.sh" with { type: "text" };

/** A file cannot be packed or split. */
export class PackError extends Schema.TaggedError<PackError>()("PackError", { message: Schema.String }) {}

/** An action on files as an effect; what it throws is said with the name of the file. */
export const attempt = <A>(action: string, path: string, run: () => Promise<A>): Effect.Effect<A, PackError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      cause instanceof PackError
        ? cause
        : new PackError({ message: `Cannot ${action} "${path}": ${cause instanceof Error ? cause.message : cause}` }),
  });

/** The largest part in bytes: below so many megabytes. */
export const partBytes = (megabytes: number): number => Math.max(1, Math.ceil(megabytes * 1e6) - 1);

/** The name of the nth part, from 0. */
const partName = (name: string, n: number): string => `${name}.part-${String(n).padStart(3, "0")}`;

const bufferBytes = 1 << 20;

/** Puts a script in place, ready to be run. */
export const writeScript = (path: string, text: string): Effect.Effect<void, PackError | RunDirectory.RunError> =>
  Effect.andThen(RunDirectory.writeText(path, text), attempt("write", path, () => chmod(path, 0o755)));

/** The size of a file that can be split; fails for what is none, and for a name that a shell would not read back. */
export const splittable = (path: string): Effect.Effect<number, PackError> =>
  attempt("split", path, async () => {
    const found = await stat(path);
    if (!found.isFile()) throw new PackError({ message: `Cannot split "${path}": expected a file` });
    if (!/^[\w.+][\w.+-]*$/.test(basename(path))) {
      throw new PackError({
        message:
          `Cannot split "${path}": expected a name of letters, digits and . _ + - that does not begin with -, found "${
            basename(path)
          }"`,
      });
    }
    return found.size;
  });

/** Cuts a file into parts of at most `most` bytes in `out`; gives how many. A file that is there under its own name stays. */
export const splitFile = Effect.fnUntraced(function* (
  path: string,
  out: string,
  most: number,
): Effect.fn.Return<number, PackError | RunDirectory.RunError> {
  yield* splittable(path);
  const name = basename(path);
  const manifest = join(out, `${name}.sha256`);
  const lines = yield* attempt("split", path, async () => {
    await mkdir(out, { recursive: true });
    await rm(manifest, { force: true });
    return await cut(path, out, name, most);
  });
  yield* RunDirectory.writeText(manifest, `${lines.join("\n")}\n`);
  yield* writeScript(join(out, "join"), joinScript);
  return lines.length - 1;
});

/** Writes the parts; gives the lines of the manifest, the whole last. */
const cut = async (path: string, out: string, name: string, most: number): Promise<ReadonlyArray<string>> => {
  const file = await open(path, "r");
  const whole = createHash("sha256");
  const lines: string[] = [];
  const buffer = new Uint8Array(Math.min(bufferBytes, most));
  let at = 0;
  for (let ended = false; !ended;) {
    const part = partName(name, lines.length);
    const partial = join(out, `${part}.partial-${Deno.pid}`);
    const target = await open(partial, "w");
    const hash = createHash("sha256");
    let written = 0;
    while (written < most) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, most - written), at);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      whole.update(piece);
      await target.writeFile(piece);
      written += bytesRead;
      at += bytesRead;
    }
    await target.sync();
    await target.close();
    await rename(partial, join(out, part));
    lines.push(`${hash.digest("hex")}  ${part}`);
    ended = (await file.stat()).size <= at;
  }
  await file.close();
  // Parts of an earlier, larger file would be left over.
  for (const other of await readdir(out)) {
    if (other.startsWith(`${name}.part-`) && !lines.some((line) => line.endsWith(`  ${other}`))) {
      await rm(join(out, other));
    }
  }
  return [...lines, `${whole.digest("hex")}  ${name}`];
};
