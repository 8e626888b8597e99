/**
 * The folder of one run, owned by one process. Ownership is the operating system's lock on `RUN/lock`, so the lock of a killed owner is
 * free at once; the content of the file only informs readers. A run's records are logs of whole lines. Opening a log truncates a partial
 * last line, and temporary files of a killed process are removed. If a run fails to start, the folder created for it is removed.
 */
import * as Schema from "@effect/schema";
import { Effect, type Scope } from "effect";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open as openFile, readdir, readFile, rename, rm, rmdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { reasonOf, unlessMissing, writeSynced } from "./text_file.ts";

/** A run's folder is in use, or one of its files cannot be read or written. */
export class RunError extends Schema.TaggedError<RunError>()("RunError", {
  reason: Schema.Literals(["locked", "file"]),
  message: Schema.String,
}) {}

/** A run's folder, owned by this process. */
export interface RunDirectory {
  readonly path: string;
  /** A path inside the run. */
  readonly pathOf: (...parts: ReadonlyArray<string>) => string;
  /** The text of a file; undefined if it is missing. */
  readonly readText: (name: string) => Effect.Effect<string | undefined, RunError>;
  /** Writes a whole file atomically: under a temporary name, synced, renamed. */
  readonly writeText: (name: string, text: string) => Effect.Effect<void, RunError>;
  /** Opens a log of lines; see `Log`. */
  readonly log: (name: string, keep?: (line: string) => boolean) => Effect.Effect<Log, RunError, Scope.Scope>;
  readonly remove: (name: string) => Effect.Effect<void>;
}

/** An append-only file of lines. */
export interface Log {
  readonly path: string;
  /** Appends lines (without newlines) in one write; they are synced when it returns. */
  readonly append: (lines: ReadonlyArray<string>) => Effect.Effect<void, RunError>;
}

const numbered = (folder: string, step: number): string => `${folder}/${String(step).padStart(6, "0")}`;

/** The folder of a step's records inside a run: `steps/000001`. */
export const stepFolder = (step: number): string => numbered("steps", step);

/** The folder of the checkpoint after a step inside a run: `checkpoints/000001`. */
export const checkpointFolder = (step: number): string => numbered("checkpoints", step);

/** Runs a file operation of a run; a failure names the action and the path. */
export const attemptInRun = <A>(action: string, path: string, run: () => Promise<A>): Effect.Effect<A, RunError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) =>
      new RunError({
        reason: "file",
        message: `Cannot ${action} "${path}": ${reasonOf(cause)}`,
      }),
  });

/** Owns the folder `path` until the scope closes, creating it if missing. Fails with reason "locked" while another live process owns it. */
export const acquire = (path: string): Effect.Effect<RunDirectory, RunError, Scope.Scope> =>
  Effect.as(
    Effect.tap(Effect.acquireRelease(lock(path), (held) => unlock(path, held)), () => sweep(path)),
    {
      path,
      pathOf: (...parts) => join(path, ...parts),
      readText: (name) => readRunText(join(path, name)),
      writeText: (name, text) => writeText(join(path, name), text),
      log: (name, keep) => openLog(join(path, name), keep),
      remove: (name) => Effect.promise(() => rm(join(path, name), { recursive: true, force: true })),
    },
  );

/** A held lock; `made` tells whether the folder was created for it. */
interface Held {
  readonly file: Deno.FsFile;
  readonly made: boolean;
}

const lock: (path: string) => Effect.Effect<Held, RunError> = Effect.fnUntraced(function* (path: string) {
  const name = join(path, "lock");
  const { file, made } = yield* attemptInRun("lock", path, async () => {
    const made = (await mkdir(path, { recursive: true })) !== undefined;
    return { file: await Deno.open(name, { read: true, write: true, create: true }), made };
  });
  // Who only asks (`isOwned`) holds a lock for a moment too, so that one refusal is not yet an owner.
  const free = yield* attemptInRun("lock", path, async () => {
    if (await file.tryLock(true)) return true;
    await new Promise((go) => setTimeout(go, 50));
    return await file.tryLock(true);
  });
  if (!free) {
    const owner = yield* Effect.promise(() => readFile(name, "utf8").catch(() => ""));
    file.close();
    const who = /"pid":(\d+)/.exec(owner)?.[1];
    return yield* new RunError({
      reason: "locked",
      message: `Cannot use run "${path}": process ${who === undefined ? "(unknown)" : who} is working in it`,
    });
  }
  // If an owner released in between, it removed the file: the lock is then on a file that other processes no longer see.
  const current = yield* attemptInRun("lock", path, async () => (await file.stat()).ino === (await inodeOf(name)));
  if (!current) {
    file.close();
    return yield* lock(path);
  }
  yield* attemptInRun("lock", path, async () => {
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`{"pid":${Deno.pid}}\n`));
  });
  return { file, made };
});

/** Whether a live process owns the run in a folder. Nothing is written, and the owner does not notice. */
export const isOwned = (path: string): Effect.Effect<boolean, RunError> =>
  attemptInRun("look at", join(path, "lock"), async () => {
    const file = await unlessMissing(Deno.open(join(path, "lock"), { read: true }));
    const isFree = await file?.tryLock(false);
    file?.close();
    return isFree === false;
  });

/** Whether a folder, or something in it, changed since `before` (ms). */
const isChanged = async (path: string, before: number): Promise<boolean> => {
  const entries = await unlessMissing(readdir(path, { recursive: true, withFileTypes: true }));
  // Somebody removes something there.
  if (entries === undefined) return true;
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  for (const one of [join(path, "lock"), path, ...paths]) {
    const found = await unlessMissing(stat(one));
    if (found !== undefined && found.mtimeMs >= before) return true;
  }
  return false;
};

/** Removes a run's folder that did not change since `before` (ms) and that no live process owns; says whether it did. */
export const removeUnchanged = (path: string, before: number): Effect.Effect<boolean, RunError> =>
  attemptInRun("remove", path, async () => {
    if (await isChanged(path, before)) return false;
    const name = join(path, "lock");
    const known = await unlessMissing(stat(name));
    const file = await Deno.open(name, { read: true, write: true, create: true });
    const partial = `${path}.partial-${randomBytes(8).toString("hex")}`;
    try {
      if (!(await file.tryLock(true))) return false;
      const { ino, size, mtime } = await file.stat();
      // An owner that came and went in between has written the file or removed it.
      const isSame = known === undefined ? size === 0 : mtime?.getTime() === Math.floor(known.mtimeMs);
      if (!isSame || ino !== (await inodeOf(name))) return false;
      // Whoever comes now makes a new folder.
      await rename(path, partial);
    } finally {
      file.close();
    }
    await rm(partial, { recursive: true, force: true });
    return true;
  });

const inodeOf = (path: string) => unlessMissing(stat(path)).then((found) => found?.ino);

/** Releases the lock and removes its file, and an empty folder that was created for it. */
const unlock = (path: string, { file, made }: Held): Effect.Effect<void> =>
  Effect.promise(async () => {
    const names = await readdir(path).catch((): string[] => []);
    if (names.join() === "lock") {
      await rm(join(path, "lock"), { force: true });
      if (made) await rmdir(path).catch(() => undefined);
    }
    file.close();
  });

/** Removes the temporary files of killed writers; only for the owner of the run. */
export const sweep = (folder: string): Effect.Effect<void, RunError> =>
  attemptInRun("sweep", folder, async () => {
    const names = await unlessMissing(readdir(folder)) ?? [];
    for (const name of names.filter((one) => /\.partial-\w+$/.test(one))) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  });

/** The text of a file; undefined if it is missing. */
export const readRunText = (path: string): Effect.Effect<string | undefined, RunError> =>
  attemptInRun("read", path, () => unlessMissing(readFile(path, "utf8")));

/** Writes a whole file atomically: under a temporary name, synced, renamed. Creates missing folders. A failure leaves no temporary file. */
export const writeText = (path: string, text: string | Uint8Array): Effect.Effect<void, RunError> =>
  attemptInRun("write", path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const partial = `${path}.partial-${randomBytes(8).toString("hex")}`;
    await writeSynced(partial, text).then(() => rename(partial, path)).catch(async (cause) => {
      await rm(partial, { force: true });
      throw cause;
    });
    const folder = await openFile(dirname(path), "r");
    await folder.sync();
    await folder.close();
  });

/**
 * Opens a log. Text after the last newline is truncated; with `keep`, so are the first line that it rejects and all later ones (the lines
 * of a step that will run again).
 */
export const openLog = Effect.fnUntraced(function* (
  path: string,
  keep: (line: string) => boolean = () => true,
): Effect.fn.Return<Log, RunError, Scope.Scope> {
  yield* attemptInRun("write", path, () => mkdir(dirname(path), { recursive: true }));
  const file = yield* Effect.acquireRelease(
    attemptInRun("write", path, () => openFile(path, "a+")),
    (opened) => Effect.promise(() => opened.close()),
  );
  yield* attemptInRun("cut", path, async () => await file.truncate(await endOfKept(file, keep)));
  const append = (lines: ReadonlyArray<string>): Effect.Effect<void, RunError> =>
    lines.length === 0 ? Effect.void : Effect.uninterruptible(attemptInRun("write", path, async () => {
      await file.appendFile(lines.map((line) => `${line}\n`).join(""));
      await file.datasync();
    }));
  return { path, append };
});

/** The byte offset after the last kept line. Reads in chunks, because a log can be larger than memory. */
const endOfKept = async (file: FileHandle, keep: (line: string) => boolean): Promise<number> => {
  const piece = new Uint8Array(1 << 20);
  const decoder = new TextDecoder();
  let pending: Uint8Array[] = [];
  let end = 0;
  for (let at = 0;;) {
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return end;
    let from = 0;
    for (let newline = piece.indexOf(10); newline >= 0 && newline < bytesRead; newline = piece.indexOf(10, from)) {
      const rest = piece.subarray(from, newline);
      const line = decoder.decode(pending.length === 0 ? rest : Buffer.concat([...pending, rest]));
      if (!keep(line)) return end;
      pending = [];
      from = newline + 1;
      end = at + from;
    }
    pending.push(piece.slice(from, bytesRead));
    at += bytesRead;
  }
};
