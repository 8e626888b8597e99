/**
 * Lists and downloads the files of one Hub repository. A download has a temporary name, is resumed by `Range` on a retry, and is kept only
 * if size and hash match the Hub's list (SHA-256 of large files, git's SHA-1 of small ones).
 */
import { listFiles } from "@huggingface/hub";
import * as Schema from "@effect/schema";
import { Effect, Schedule, type Scope, Stream } from "effect";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isObject } from "./json.ts";
import { makeProgress } from "./progress.ts";
import { visibleLine } from "./plain_text.ts";
import { StandardStreams } from "./standard_streams.ts";
import { isThere, reasonOf } from "./text_file.ts";

/** A model or data set is not on this machine and cannot be downloaded. */
export class HubError extends Schema.TaggedError<HubError>()("HubError", {
  kind: Schema.Literals(["model", "data set"]),
  asked: Schema.String,
  /** A retry may help with `network`, but not with `refused` (by the Hub), `files` (wrong or local) or `name`. */
  reason: Schema.Literals(["name", "network", "refused", "files"]),
  problem: Schema.String,
}) {
  override get message(): string {
    return `Cannot get ${this.kind} "${this.asked}": ${this.problem}`;
  }
}

/** A repository at a revision and its target folder; `asked` is the name as given. */
export interface Repository {
  readonly kind: HubError["kind"];
  readonly asked: string;
  readonly id: string;
  readonly revision: string;
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly cache: string | undefined;
  readonly dir: string;
}

/** A file in the Hub's list: `hash` is a SHA-256 (64 digits) or git's SHA-1 of a blob (40). */
export interface Listed {
  readonly path: string;
  readonly size: number;
  readonly hash: string;
}

const schedule = Schedule.exponential("200 millis", 3);

/** The repository as given, for errors. */
type Asked = Pick<Repository, "kind" | "asked">;

const error = ({ kind, asked }: Asked, reason: HubError["reason"], problem: string) =>
  new HubError({ kind, asked, reason, problem });

/** Runs a local file operation; its failure is reported for the repository. */
export const io = <A>(repository: Asked, run: () => Promise<A>): Effect.Effect<A, HubError> =>
  Effect.tryPromise({ try: run, catch: (cause) => error(repository, "files", reasonOf(cause)) });

/** Whether a file or folder exists. */
export const has = (repository: Asked, path: string): Effect.Effect<boolean, HubError> =>
  io(repository, () => isThere(path));

const unreachable = (repository: Repository, cause: unknown) => {
  const { endpoint, kind } = repository;
  const status = typeof cause === "object" && cause !== null && "statusCode" in cause ? cause.statusCode : undefined;
  const local = kind === "model" ? "a directory" : "a file";
  return status === 401 || status === 403 || status === 404
    ? error(repository, "refused", `${endpoint} answers ${status}: no such repository, or one that needs HF_TOKEN`)
    : error(repository, "network", `${endpoint} cannot be reached (${reasonOf(cause)}); offline, pass ${local}`);
};

/** Locks the repository's folder across processes until the scope closes, waiting for other holders. */
export const lock = Effect.fnUntraced(function* (
  repository: Repository,
): Effect.fn.Return<void, HubError, Scope.Scope> {
  const { dir, asked } = repository;
  yield* io(repository, () => mkdir(dir, { recursive: true }));
  const file = yield* Effect.acquireRelease(
    io(repository, () => Deno.open(`${dir}.lock`, { write: true, create: true })),
    (opened) => Effect.sync(() => opened.close()),
  );
  for (let tries = 0; !(yield* io(repository, () => file.tryLock(true))); tries++) {
    const { report } = yield* StandardStreams;
    if (tries === 0) yield* report(`waiting for another process that fetches ${asked}`);
    yield* Effect.sleep("200 millis");
  }
});

const isSize = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

/** Whether a list entry from the network is valid. */
const isEntry = (entry: unknown): boolean =>
  isObject(entry) && typeof entry.path === "string" && entry.path !== "" && typeof entry.type === "string" &&
  (entry.type !== "file" || (isSize(entry.size) && (entry.oid === undefined || typeof entry.oid === "string"))) &&
  (entry.lfs === undefined || entry.lfs === null ||
    (isObject(entry.lfs) && isSize(entry.lfs.size) && typeof entry.lfs.oid === "string"));

const shownEntry = (entry: unknown): string => visibleLine(JSON.stringify(entry) ?? String(entry), 80);

/** The files of a repository, including those in folders if `recursive`. */
export const list = (repository: Repository, recursive: boolean): Effect.Effect<ReadonlyArray<Listed>, HubError> => {
  const { kind, id, revision, endpoint, token } = repository;
  const entries = listFiles({
    repo: { type: kind === "model" ? "model" : "dataset", name: id },
    revision,
    recursive,
    hubUrl: endpoint,
    ...(token && { accessToken: token }),
  });
  return Stream.fromAsyncIterable(entries, (cause) => unreachable(repository, cause)).pipe(
    Stream.mapEffect((entry) =>
      isEntry(entry)
        ? Effect.succeed(entry)
        : Effect.fail(error(repository, "network", `${endpoint} lists what is no file: ${shownEntry(entry)}`))
    ),
    Stream.filter(({ type }) => type === "file"),
    Stream.map(({ path, size, oid = "", lfs }) => ({ path, size: lfs?.size ?? size, hash: lfs?.oid ?? oid })),
    // A name must not lead out of the repository's folder.
    Stream.filter(({ path }) => !path.startsWith("/") && !path.split(/[/\\]/).includes("..")),
    Stream.runCollect,
  );
};

/** Downloads a file to the repository's folder, unless one with the right hash is there. */
export const fetchFile = Effect.fnUntraced(function* (
  repository: Repository,
  file: Listed,
): Effect.fn.Return<void, HubError> {
  const path = join(repository.dir, file.path);
  if ((yield* has(repository, path)) && (yield* hashOf(repository, path, file)) === file.hash) return;
  const partial = `${path}.partial`;
  const { report } = yield* StandardStreams;
  yield* report(`fetching ${repository.asked} ${file.path} (${(file.size / 1e6).toFixed(1)} MB)`);
  yield* io(repository, () => mkdir(dirname(path), { recursive: true }));
  yield* transfer(repository, file, partial).pipe(
    Effect.retry({ schedule, times: 4, while: ({ reason }) => reason === "network" }),
    Effect.scoped,
  );
  const found = yield* hashOf(repository, partial, file);
  if (found !== file.hash) {
    yield* io(repository, () => rm(partial));
    const problem = `${file.path} has the hash ${found} and not ${file.hash}; it was removed, try again`;
    return yield* error(repository, "files", problem);
  }
  yield* io(repository, () => rename(partial, path));
});

/** Downloads the missing rest of a file; fails if it is shorter than listed, so that a retry resumes there. */
const transfer = Effect.fnUntraced(function* (repository: Repository, file: Listed, partial: string) {
  const { kind, id, revision, endpoint, token } = repository;
  const failed = (cause: unknown) => unreachable(repository, cause);
  const handle = yield* Effect.acquireRelease(
    io(repository, () => open(partial, "a")),
    (it) => Effect.promise(() => it.close()),
  );
  const there = (yield* io(repository, () => handle.stat())).size;
  if (there > file.size) yield* io(repository, () => handle.truncate(0));
  const start = there > file.size ? 0 : there;
  if (start === file.size) return;
  const headers = {
    ...(token && { Authorization: `Bearer ${token}` }),
    ...(start > 0 && { Range: `bytes=${start}-` }),
  };
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const url = `${endpoint}/${kind === "model" ? "" : "datasets/"}${id}/resolve/${revision}/${path}`;
  const response = yield* Effect.tryPromise({ try: (signal) => fetch(url, { headers, signal }), catch: failed });
  const { body, ok, status } = response;
  if (!ok || body === null) {
    yield* Effect.promise(() => body?.cancel() ?? Promise.resolve());
    return yield* failed(Object.assign(new Error(`status ${status} for ${file.path}`), { statusCode: status }));
  }
  // A server may answer a range request with the whole file.
  if (start > 0 && status !== 206) yield* io(repository, () => handle.truncate(0));
  const progress = yield* makeProgress(file.path, file.size - (status === 206 ? start : 0));
  yield* Stream.fromReadableStream({ evaluate: () => body, onError: failed }).pipe(
    Stream.runForEach((bytes) =>
      Effect.andThen(io(repository, () => handle.appendFile(bytes)), progress.advance(bytes.length))
    ),
  );
  yield* io(repository, () => handle.sync());
  const size = (yield* io(repository, () => handle.stat())).size;
  if (size < file.size) return yield* failed(new Error(`${file.path} ended after ${size} of ${file.size} bytes`));
});

/** The hash of a file in the form that the Hub lists. */
const hashOf = Effect.fnUntraced(function* (repository: Repository, path: string, { size, hash }: Listed) {
  const digest = hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  const failed = (cause: unknown) => error(repository, "files", reasonOf(cause));
  yield* Stream.fromAsyncIterable(createReadStream(path, { highWaterMark: 1 << 22 }), failed).pipe(
    Stream.runForEach((bytes: Uint8Array) => Effect.sync(() => digest.update(bytes))),
  );
  return digest.digest("hex");
});
