/**
 * Files of one Hub repository: their list, and each of them fetched under a temporary name that a second try resumes by `Range`, and kept
 * only if size and hash are those that the Hub lists (SHA-256 of large files, git's own of small ones).
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

/** A model or data set that is neither on this machine nor can be fetched. */
export class HubError extends Schema.TaggedError<HubError>()("HubError", {
  kind: Schema.Literals(["model", "data set"]),
  asked: Schema.String,
  /** `network` may pass on another try, `refused` (by the Hub) and `files` (wrong or on this machine) will not. */
  reason: Schema.Literals(["name", "network", "refused", "files"]),
  problem: Schema.String,
}) {
  override get message(): string {
    return `Cannot get ${this.kind} "${this.asked}": ${this.problem}`;
  }
}

/** A repository at a revision, and the folder that its files go to; `asked` is how it was named. */
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

/** A file as the Hub lists it: `hash` is a SHA-256 (64 digits) or git's SHA-1 of a blob (40). */
export interface Listed {
  readonly path: string;
  readonly size: number;
  readonly hash: string;
}

const schedule = Schedule.exponential("200 millis", 3);

/** What is fetched, by the name that was given. */
type Asked = Pick<Repository, "kind" | "asked">;

const error = ({ kind, asked }: Asked, reason: HubError["reason"], problem: string) =>
  new HubError({ kind, asked, reason, problem });

/** Files of this machine, whose failures are the repository's. */
export const io = <A>(repository: Asked, run: () => Promise<A>): Effect.Effect<A, HubError> =>
  Effect.tryPromise({ try: run, catch: (cause) => error(repository, "files", reasonOf(cause)) });

/** Whether there is a file or folder. */
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

/** Owns the repository's folder among processes until the scope closes; waits for another one that fetches it. */
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

/** Whether an entry of a list is what it should be; the network may have given anything. */
const isEntry = (entry: unknown): boolean =>
  isObject(entry) && typeof entry.path === "string" && entry.path !== "" && typeof entry.type === "string" &&
  (entry.type !== "file" || (isSize(entry.size) && (entry.oid === undefined || typeof entry.oid === "string"))) &&
  (entry.lfs === undefined || entry.lfs === null ||
    (isObject(entry.lfs) && isSize(entry.lfs.size) && typeof entry.lfs.oid === "string"));

const shownEntry = (entry: unknown): string => visibleLine(JSON.stringify(entry) ?? String(entry), 80);

/** The files of a repository; those in folders too where it is `recursive`. */
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
    // A name is a place below the repository's folder and nowhere else.
    Stream.filter(({ path }) => !path.startsWith("/") && !path.split(/[/\\]/).includes("..")),
    Stream.runCollect,
  );
};

/** A file of the repository in its folder; what is there and has the right hash stays. */
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

/** Fetches what is not yet there of a file; fails if fewer bytes come than the Hub lists, so that a retry goes on there. */
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
  // A server may answer a range with the whole file.
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

/** The hash of a file in the form that the Hub lists for it. */
const hashOf = Effect.fnUntraced(function* (repository: Repository, path: string, { size, hash }: Listed) {
  const digest = hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  const failed = (cause: unknown) => error(repository, "files", reasonOf(cause));
  yield* Stream.fromAsyncIterable(createReadStream(path, { highWaterMark: 1 << 22 }), failed).pipe(
    Stream.runForEach((bytes: Uint8Array) => Effect.sync(() => digest.update(bytes))),
  );
  return digest.digest("hex");
});
