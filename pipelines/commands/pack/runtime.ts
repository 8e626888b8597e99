/**
 * What a checkout needs on a bare x86-64 Linux machine beside a GPU driver: this Deno, the files of `node_modules` that run there, and the Vulkan
 * loader. No software driver is among them: where there is no GPU the embedded device is used, which is part of the checkout. Archives have the
 * same bytes each time. A boundary file: it meets files and runs tar.
 */
import type { Effect } from "effect";
import { createReadStream, createWriteStream, existsSync } from "node:fs";
import { copyFile, lstat, mkdir, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { swiftshaderFiles } from "../../../kernels/device/swiftshader.ts";
import { attempt, PackError } from "./parts.ts";

/** Files that belong together: what they are, where they come from, the archive that they become. */
export interface Piece {
  readonly name: string;
  readonly from: string;
  readonly bytes: number;
  readonly files: number;
  readonly leftOut: number;
  /** Writes it into a folder, whole or not at all. */
  readonly write: (out: string) => Effect.Effect<void, PackError>;
}

const loaderFolders = [
  "/usr/lib/x86_64-linux-gnu",
  "/lib/x86_64-linux-gnu",
  "/usr/lib64",
  "/lib64",
  "/usr/local/lib",
  "/usr/lib",
];
const loader = "libvulkan.so.1";

/** Whether a path below `node_modules` is of no use on x86-64 Linux: another system's program, or a map for debuggers. */
export const isLeftOut = (path: string): boolean =>
  path.endsWith(".map") ||
  path.split("/").some((part) =>
    /^(darwin|win32|linux)-(universal|x64|arm64)$/.test(part) ? part !== "linux-x64" : /^@sparticuz\+/.test(part)
  );

/** Deno, `node_modules` and the loader, measured; nothing is written or fetched before `write`. */
export const runtimePieces = (root: string): Effect.Effect<ReadonlyArray<Piece>, PackError> =>
  attempt("pack", root, async () => [await denoPiece(), await modulesPiece(root), await loaderPiece()]);

const denoPiece = async (): Promise<Piece> => {
  const path = await realpath(Deno.execPath());
  const file = await open(path, "r");
  const head = new Uint8Array(20);
  await file.read(head, 0, 20, 0);
  await file.close();
  const isElf = head[0] === 0x7f && head[1] === 0x45 && head[18] === 0x3e;
  if (!isElf) throw new PackError({ message: `Cannot pack "${path}": expected a program for x86-64 Linux` });
  return {
    name: "deno.gz",
    from: `Deno ${Deno.version.deno}, ${path}`,
    bytes: (await stat(path)).size,
    files: 1,
    leftOut: 0,
    write: (out) =>
      whole(
        out,
        "deno.gz",
        (partial) => pipeline(createReadStream(path), createGzip({ level: 6 }), createWriteStream(partial)),
      ),
  };
};

const modulesPiece = async (root: string): Promise<Piece> => {
  if (!existsSync(join(root, "node_modules"))) {
    throw new PackError({ message: 'Cannot pack "node_modules": there is none, "deno install" makes it' });
  }
  const names: string[] = [];
  const sum = { bytes: 0, leftOut: 0 };
  const walk = async (path: string): Promise<void> => {
    const info = await lstat(join(root, path));
    const out = isLeftOut(path);
    if (!out) names.push(path);
    if (info.isDirectory()) {
      for (const name of (await readdir(join(root, path))).sort()) {
        await walk(`${path}/${name}`);
      }
    } else sum[out ? "leftOut" : "bytes"] += info.size;
  };
  await walk("node_modules");
  return {
    name: "node_modules.tar.gz",
    from: "node_modules",
    ...sum,
    files: names.length,
    write: (out) => whole(out, "node_modules.tar.gz", (partial) => archive(root, names, partial)),
  };
};

const archive = async (root: string, names: ReadonlyArray<string>, target: string): Promise<void> => {
  const flags = "--create --gzip --no-recursion --null --owner=0 --group=0 --numeric-owner --mtime=@0";
  const child = new Deno.Command("tar", {
    args: [...flags.split(" "), `--file=${target}`, `--directory=${root}`, "--files-from=-"],
    env: { GZIP: "" },
    stdin: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // A tar that ends early says why itself.
  const fed = writer.write(new TextEncoder().encode(names.map((name) => `${name}\0`).join("")))
    .then(() => writer.close()).catch(() => {});
  const { success, stderr } = await child.output();
  await fed;
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
};

const loaderPiece = async (): Promise<Piece> => {
  const folder = loaderFolders.find((one) => existsSync(join(one, loader)));
  const path = folder === undefined ? undefined : await realpath(join(folder, loader));
  return {
    name: loader,
    from: path ?? "the package that carries SwiftShader, which is fetched",
    bytes: path === undefined ? 0 : (await stat(path)).size,
    files: 1,
    leftOut: 0,
    write: (out) =>
      whole(out, loader, async (partial) => await copyFile(path ?? (await swiftshaderFiles()).loader, partial)),
  };
};

/** Makes a file under another name and renames it. */
const whole = (out: string, name: string, make: (partial: string) => Promise<void>): Effect.Effect<void, PackError> =>
  attempt("pack", name, async () => {
    await mkdir(out, { recursive: true });
    const partial = join(out, `${name}.partial-${Deno.pid}`);
    await make(partial).catch(async (cause) => {
      await rm(partial, { force: true });
      throw cause;
    });
    await rename(partial, join(out, name));
  });
