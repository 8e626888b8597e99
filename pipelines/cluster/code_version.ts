/**
 * The version of the code as a hash of the sources themselves: it needs no git, it is the same in a clone, a pack and a working tree, and any
 * edit changes it. A worker that runs other code leaves a job for those that run the same.
 */
import { Effect } from "effect";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { FileError, reasonOf } from "../files/text_file.ts";
import { sha256 } from "../records/text.ts";

const root = new URL("../..", import.meta.url).pathname;
const folders = ["data", "kernels", "pipelines"];
const isCode = (name: string): boolean => /\.(ts|wgsl|json)$/.test(name);

const filesBelow = async (folder: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile() && isCode(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    .filter((path) => !path.startsWith("data/models/"));
};

/** The SHA-256 of the list of sources with their hashes. */
export const codeVersion: Effect.Effect<string, FileError> = Effect.tryPromise({
  try: async () => {
    const paths = (await Promise.all(folders.map(filesBelow))).flat().toSorted();
    const hash = async (path: string) => createHash("sha256").update(await readFile(join(root, path))).digest("hex");
    const lines = await Promise.all(
      ["deno.json", "deno.lock", ...paths].map(async (path) => `${await hash(path)}  ${path}\n`),
    );
    return sha256(lines.join(""));
  },
  catch: (cause) => new FileError({ message: `Cannot read the sources below "${root}": ${reasonOf(cause)}` }),
});
