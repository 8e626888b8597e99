/**
 * Weights, gradients and optimizer state as safetensors files. A tensor is read by its byte range, so no file is held in memory as a whole.
 * A file is written tensor by tensor under a temporary name, hashed meanwhile, synced, and then renamed. Its bytes depend only on names,
 * shapes and values, and equal those of `safetensors.torch.save_file` for the same float32 tensors.
 */
import * as Schema from "@effect/schema";
import * as Effect from "effect/Effect";
import { createHash } from "node:crypto";
import { type FileHandle, mkdtemp, open as openFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { oneLine } from "./plain_text.ts";
import { reasonOf } from "./text_file.ts";
import {
  elementCount,
  type ElementType,
  encodeHeader,
  maxHeaderBytes,
  narrow,
  parseHeader,
  type TensorEntry,
  widen,
} from "./safetensors_header.ts";

/** A model's file is missing, damaged or invalid; `tensor` is empty if the fault concerns no tensor. */
export class CheckpointError extends Schema.TaggedError<CheckpointError>()("CheckpointError", {
  action: Schema.Literals(["read", "write"]),
  file: Schema.String,
  tensor: Schema.String,
  expected: Schema.String,
  found: Schema.String,
}) {
  override get message(): string {
    const tensor = this.tensor === "" ? "" : `, tensor "${oneLine(this.tensor, 200)}"`;
    return `Cannot ${this.action} "${this.file}"${tensor}: expected ${oneLine(this.expected)}, found ${
      oneLine(this.found)
    }`;
  }
}

/** One file with a checked header; `read` gives a float tensor, or its elements [from, to), as float32 [elements] in row-major order. */
export interface Safetensors {
  readonly path: string;
  readonly entries: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly read: (
    name: string,
    from?: number,
    to?: number,
  ) => Effect.Effect<Float32Array<ArrayBuffer>, CheckpointError>;
}

/** A tensor to write, with an optional element type of its own; `read` is run when its turn comes. */
export interface Tensor<E = never, R = never> {
  readonly name: string;
  readonly shape: ReadonlyArray<number>;
  readonly type?: ElementType | undefined;
  readonly read: Effect.Effect<Float32Array<ArrayBuffer>, E, R>;
}

/** A written file: its name in its folder, its SHA-256 in hexadecimal, its length in bytes. */
export interface Written {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

// A multiple of every element size, and large enough to make system calls cheap.
const chunkBytes = 1 << 24;

/** Opens a file and checks its header against its length. */
export const openSafetensors = Effect.fnUntraced(
  function* (path: string): Effect.fn.Return<Safetensors, CheckpointError> {
    yield* requireFile(path);
    const { text, headerBytes, fileBytes } = yield* withFile(
      path,
      (file) => attempt("read", path, () => readHeader(file)),
    );
    if (text === undefined) {
      const expected = `a header length from 2 to ${Math.min(maxHeaderBytes, Math.max(fileBytes - 8, 2))}`;
      return yield* readError(path, "", expected, `${headerBytes} in ${fileBytes} bytes (cut short or no safetensors)`);
    }
    const parsed = parseHeader(text, headerBytes, fileBytes);
    if (!parsed.ok) return yield* readError(path, parsed.fault.tensor, parsed.fault.expected, parsed.fault.found);
    const { entries, metadata } = parsed.header;
    const read = Effect.fnUntraced(
      function* (name: string, from = 0, to?: number): Effect.fn.Return<Float32Array<ArrayBuffer>, CheckpointError> {
        const entry = entries.get(name);
        if (entry === undefined) return yield* readError(path, name, "the tensor", `only ${entries.size} others`);
        const count = elementCount(entry.shape);
        const out = new Float32Array((to ?? count) - from);
        const size = (entry.end - entry.begin) / count;
        const part = out.length === count
          ? entry
          : { ...entry, begin: entry.begin + size * from, end: entry.begin + size * (from + out.length) };
        const found = yield* withFile(path, (file) => attempt("read", path, () => fill(file, part, out)));
        if (found !== "") return yield* readError(path, name, "F32, F16 or BF16 of the stated length", found);
        return out;
      },
    );
    return { path, entries, metadata, read };
  },
);

/**
 * Writes tensors into one file in a folder, named by `name` from its SHA-256. `type` is the element type of tensors without their own. A
 * tensor whose length does not match its shape is an error; an error leaves no file.
 */
export const writeSafetensors = Effect.fnUntraced(function* <E, R>(
  folder: string,
  name: (sha256: string) => string,
  tensors: ReadonlyArray<Tensor<E, R>>,
  type: ElementType = "float32",
): Effect.fn.Return<Written, CheckpointError | E, R> {
  const apart = yield* attempt("write", folder, () => mkdtemp(join(folder, ".partial-")));
  const partial = join(apart, "tensors");
  const { bytes: header, order } = encodeHeader(tensors, type);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const hash = createHash("sha256");
  let bytes = 0;
  const body = Effect.fnUntraced(function* (file: FileHandle): Effect.fn.Return<void, CheckpointError | E, R> {
    const put = (data: Uint8Array) =>
      attempt("write", partial, async () => {
        for (let at = 0; at < data.length; at += chunkBytes) {
          const part = data.subarray(at, at + chunkBytes);
          hash.update(part);
          await writeAll(file, part);
        }
        bytes += data.length;
      });
    yield* put(header);
    for (const tensor of order.flatMap((key) => byName.get(key) ?? [])) {
      const values = yield* tensor.read;
      const size = elementCount(tensor.shape);
      if (values.length !== size) {
        return yield* writeError(partial, tensor.name, `${size} numbers`, `${values.length}`);
      }
      yield* put(narrow(values, tensor.type ?? type));
    }
    yield* attempt("write", partial, () => file.sync());
  });
  return yield* Effect.gen(function* () {
    if (byName.size !== tensors.length) return yield* writeError(folder, "", "names that differ", order.join(" "));
    yield* withFile(partial, body, "wx");
    const sha256 = hash.digest("hex");
    const path = join(folder, name(sha256));
    yield* attempt("write", path, () => rename(partial, path));
    yield* syncFolder(folder);
    return { name: name(sha256), sha256, bytes };
  }).pipe(Effect.ensuring(Effect.promise(() => rm(apart, { recursive: true, force: true }))));
});

/** The SHA-256 of the file that writing these tensors would give. */
export const digest = Effect.fnUntraced(function* <E, R>(
  tensors: ReadonlyArray<Tensor<E, R>>,
): Effect.fn.Return<string, E, R> {
  const { bytes: header, order } = encodeHeader(tensors);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const hash = createHash("sha256").update(header);
  for (const tensor of order.flatMap((key) => byName.get(key) ?? [])) {
    hash.update(narrow(yield* tensor.read, tensor.type ?? "float32"));
  }
  return hash.digest("hex");
});

/** Syncs a folder, so that renames in it survive a power failure. */
export const syncFolder = (folder: string): Effect.Effect<void, CheckpointError> =>
  withFile(folder, (file) => attempt("write", folder, () => file.sync()));

/** The SHA-256 of a file, in hexadecimal. */
export const sha256File = (path: string): Effect.Effect<string, CheckpointError> =>
  Effect.andThen(
    requireFile(path),
    withFile(path, (file) =>
      attempt("read", path, async () => {
        const hash = createHash("sha256");
        const chunk = new Uint8Array(chunkBytes);
        for (;;) {
          const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
          if (bytesRead === 0) return hash.digest("hex");
          hash.update(chunk.subarray(0, bytesRead));
        }
      })),
  );

/** Fails if a path is not a regular file: opening a pipe waits for a writer, and reading a device never ends. */
export const requireFile = Effect.fnUntraced(function* (path: string): Effect.fn.Return<void, CheckpointError> {
  const found = yield* attempt("read", path, () => stat(path));
  if (found.isFile()) return;
  const kind = found.isFIFO()
    ? "a FIFO"
    : found.isDirectory()
    ? "a folder"
    : found.isSocket()
    ? "a socket"
    : "a device";
  return yield* readError(path, "", "a regular file", kind);
});

/** Runs a file operation; its failure is a `CheckpointError`. */
export const attempt = <A>(action: "read" | "write", file: string, run: () => Promise<A>) =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new CheckpointError({
        action,
        file,
        tensor: "",
        expected: action === "read" ? "a file that can be read" : "a place that can be written",
        found: reasonOf(cause),
      }),
  });

/** What a file holds in place of what was expected; `tensor` is empty where the fault concerns none. */
export const readError = (file: string, tensor: string, expected: string, found: string) =>
  new CheckpointError({ action: "read", file, tensor, expected, found });

/** The same of a file that is written. */
export const writeError = (file: string, tensor: string, expected: string, found: string) =>
  new CheckpointError({ action: "write", file, tensor, expected, found });

const withFile = <A, E, R>(path: string, use: (file: FileHandle) => Effect.Effect<A, E, R>, flags = "r") =>
  Effect.acquireUseRelease(
    attempt(flags === "r" ? "read" : "write", path, () => openFile(path, flags)),
    use,
    (file) => Effect.promise(() => file.close()),
  );

const readHeader = async (file: FileHandle) => {
  const fileBytes = (await file.stat()).size;
  const prefix = new Uint8Array(8);
  const complete = await readAll(file, prefix, 0);
  const headerBytes = complete ? Number(new DataView(prefix.buffer).getBigUint64(0, true)) : 0;
  if (headerBytes < 2 || headerBytes > maxHeaderBytes || 8 + headerBytes > fileBytes) {
    return { text: undefined, headerBytes, fileBytes };
  }
  const json = new Uint8Array(headerBytes);
  await readAll(file, json, 8);
  return { text: new TextDecoder().decode(json), headerBytes, fileBytes };
};

/** Reads and widens an entry's bytes in chunks; returns the fault, or "". */
const fill = async (file: FileHandle, entry: TensorEntry, out: Float32Array): Promise<string> => {
  const bytes = entry.end - entry.begin;
  const chunk = new Uint8Array(Math.min(chunkBytes, bytes));
  for (let at = 0; at < bytes; at += chunkBytes) {
    const part = chunk.subarray(0, Math.min(chunkBytes, bytes - at));
    if (!(await readAll(file, part, entry.begin + at))) return "the end of the file";
    if (!widen(entry.dtype, part, out, at / (bytes / out.length))) return entry.dtype;
  }
  return "";
};

const readAll = async (file: FileHandle, into: Uint8Array, position: number): Promise<boolean> => {
  for (let at = 0; at < into.length;) {
    const { bytesRead } = await file.read(into, at, into.length - at, position + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
};

const writeAll = async (file: FileHandle, data: Uint8Array): Promise<void> => {
  for (let at = 0; at < data.length;) at += (await file.write(data, at, data.length - at)).bytesWritten;
};
