/**
 * Installs SwiftShader, a software Vulkan driver, to test the Dawn path without a GPU. The npm package `@sparticuz/chromium` contains it as a small
 * archive. It is installed only for `SIGNUM_ADAPTER=swiftshader` (the package also contains a browser, ~65 MB), checked against a pinned SHA-256
 * and unpacked into the cache. No root needed. A boundary file: it uses the disk and the module loader.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";

const specifier = "npm:@sparticuz/chromium@153.0.0";
const archiveHash = "b680e40a33235ecc6ad4c6897a168b70ce5164f0d62d2a64d675320d51614631";
const wanted = ["libvk_swiftshader.so", "libvulkan.so.1", "vk_swiftshader_icd.json"];

/** Folder for files that can be recreated: `SIGNUM_HOME`, else `$XDG_CACHE_HOME/signum`, else `~/.cache/signum`. */
export const cacheFolder = (): string =>
  Deno.env.get("SIGNUM_HOME") ?? join(Deno.env.get("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "signum");

/** The driver's unpacked files; installs them if missing. */
export const swiftshaderFiles = async (): Promise<{ readonly icd: string; readonly loader: string }> => {
  const folder = join(cacheFolder(), `swiftshader-${archiveHash.slice(0, 12)}`);
  if (!existsSync(folder)) unpack(await archive(), folder);
  return { icd: join(folder, "vk_swiftshader_icd.json"), loader: join(folder, "libvulkan.so.1") };
};

const archive = async (): Promise<Uint8Array> => {
  const path = join(await installed(), "..", "..", "bin", "swiftshader.tar.br");
  const bytes = readFileSync(path);
  const hash = createHash("sha256").update(bytes).digest("hex");
  if (hash !== archiveHash) throw new Error(`"${path}" has SHA-256 ${hash}, expected ${archiveHash}`);
  return brotliDecompressSync(bytes);
};

/**
 * The package's entry point in Deno's cache. A separate process installs it, because an import here would add the package to the project's lock
 * file and every later install would download it.
 */
const installed = async (): Promise<string> => {
  const code = `await import("${specifier}"); console.log(import.meta.resolve("${specifier}"))`;
  const args = ["eval", "--no-lock", "--no-config", "--node-modules-dir=none", code];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
  const text = new TextDecoder().decode(success ? stdout : stderr).trim();
  if (!success) throw new Error(`Cannot install "${specifier}", the software Vulkan driver: ${text}`);
  return fileURLToPath(text);
};

const unpack = (tar: Uint8Array, folder: string): void => {
  const partial = `${folder}.${Deno.pid}.partial`;
  mkdirSync(partial, { recursive: true });
  const text = (from: number, length: number) =>
    new TextDecoder().decode(tar.subarray(from, from + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0;) {
    const name = text(at, 100).split("/").pop() ?? "";
    const size = parseInt(text(at + 124, 12), 8);
    if (wanted.includes(name)) {
      writeFileSync(join(partial, name), tar.subarray(at + 512, at + 512 + size), { mode: 0o755 });
    }
    at += 512 + Math.ceil(size / 512) * 512;
  }
  // If another process has unpacked the same files meanwhile, its copy is used.
  if (existsSync(folder)) rmSync(partial, { recursive: true });
  else renameSync(partial, folder);
};
