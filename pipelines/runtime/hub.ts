/**
 * A model by its Hub name (`Qwen/Qwen2.5-0.5B`, or `…@revision`) as a local directory. Files come from `HF_ENDPOINT` (default
 * https://huggingface.co) into `$SIGNUM_HOME/models`, each under a temporary name that a second try resumes by `Range`, and
 * are kept only if size and hash are those that the Hub lists (SHA-256 of large files, git's own of small ones). A model
 * that is complete is never asked for again, so a run needs the network once.
 */
import { listFiles } from "@huggingface/hub";
import * as Schema from "@effect/schema";
import { Effect, Schedule, Stream } from "effect";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { companionFiles } from "../models/checkpoint.ts";
import * as Progress from "./progress.ts";
import { StandardStreams } from "./standard_streams.ts";

/** A model that is neither a directory nor can be fetched. */
export class HubError extends Schema.TaggedError<HubError>()("HubError", {
  model: Schema.String,
  /** `network` may pass on another try, `refused` (by the Hub) and `files` (wrong or on this machine) will not. */
  reason: Schema.Literals(["name", "network", "refused", "files"]),
  problem: Schema.String,
}) {
  override get message(): string {
    return `Cannot get model "${this.model}": ${this.problem}`;
  }
}

/** Where models come from and go; `fromEnvironment` reads it from `HF_ENDPOINT`, `SIGNUM_HOME` and `HF_TOKEN`. */
export interface Hub {
  readonly endpoint: string;
  readonly folder: string;
  readonly token?: string;
}

/** A file as the Hub lists it: `hash` is a SHA-256 (64 digits) or git's SHA-1 of a blob (40). */
interface Listed {
  readonly path: string;
  readonly size: number;
  readonly hash: string;
}

/** The Hub that the environment names. */
export const fromEnvironment = (): Hub => {
  const read = (name: string) => Deno.env.get(name) || undefined;
  return {
    endpoint: (read("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    folder: join(read("SIGNUM_HOME") ?? ".signum", "models"),
    token: read("HF_TOKEN"),
  };
};

/** The directory of a model that is given as a directory or a Hub name. */
export const resolveModel = Effect.fn("Hub.resolveModel")(function* (
  model: string,
  hub: Hub = fromEnvironment(),
): Effect.fn.Return<string, HubError> {
  if (yield* isThere(model)) return model;
  const [, owner, name, revision = "main"] = /^([\w-][\w.-]*)\/([\w-][\w.-]*)(?:@([\w-][\w.-]*))?$/.exec(model) ?? [];
  if (owner === undefined) return yield* error(model, "name", "no such directory, and no Hub name (OWNER/NAME)");
  const dir = join(hub.folder, owner, name, revision);
  const complete = join(dir, ".complete");
  if (yield* isThere(complete)) return dir;

  const repository: Repository = { model, id: `${owner}/${name}`, revision, hub, dir };
  const listed = yield* list(repository);
  yield* io(model, () => mkdir(dir, { recursive: true }));
  const fetched = yield* Effect.forEach(
    listed.filter(({ path }) => companionFiles.includes(path) || path === "config.json" || path === indexFile),
    (file) => Effect.as(fetchFile(repository, file), file.path),
  );
  const weights = yield* weightFiles(repository, listed);
  if (!fetched.includes("config.json") || weights.length === 0) {
    return yield* error(model, "files", "the repository has no config.json or no *.safetensors weights");
  }
  yield* Effect.forEach(weights, (file) => fetchFile(repository, file));
  yield* io(model, () => writeFile(complete, ""));
  return dir;
});

interface Repository {
  readonly model: string;
  readonly id: string;
  readonly revision: string;
  readonly hub: Hub;
  readonly dir: string;
}

const indexFile = "model.safetensors.index.json";
const schedule = Schedule.exponential("200 millis", 3);

const error = (model: string, reason: HubError["reason"], problem: string) => new HubError({ model, reason, problem });

const messageOf = (cause: unknown): string => cause instanceof Error ? cause.message : String(cause);

const io = <A>(model: string, run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => error(model, "files", messageOf(cause)) });

const isThere = (path: string) => Effect.promise(() => stat(path).then(() => true, () => false));

const unreachable = ({ model, hub }: Repository, cause: unknown) => {
  const status = typeof cause === "object" && cause !== null && "statusCode" in cause ? cause.statusCode : undefined;
  return status === 401 || status === 403 || status === 404
    ? error(model, "refused", `${hub.endpoint} answers ${status}: no such repository, or one that needs HF_TOKEN`)
    : error(model, "network", `${hub.endpoint} cannot be reached (${messageOf(cause)}); offline, pass a directory`);
};

const list = (repository: Repository): Effect.Effect<ReadonlyArray<Listed>, HubError> => {
  const { id, revision, hub } = repository;
  const entries = listFiles({ repo: id, revision, hubUrl: hub.endpoint, ...(hub.token && { accessToken: hub.token }) });
  return Stream.fromAsyncIterable(entries, (cause) => unreachable(repository, cause)).pipe(
    Stream.filter(({ type }) => type === "file"),
    Stream.map(({ path, size, oid = "", lfs }) => ({ path, size: lfs?.size ?? size, hash: lfs?.oid ?? oid })),
    Stream.runCollect,
  );
};

/** The weights that the index names, else the one file. */
const weightFiles = Effect.fnUntraced(function* (
  { model, dir }: Repository,
  listed: ReadonlyArray<Listed>,
): Effect.fn.Return<ReadonlyArray<Listed>, HubError> {
  if (!listed.some(({ path }) => path === indexFile)) return listed.filter(({ path }) => path === "model.safetensors");
  const index: unknown = yield* io(model, () => readFile(join(dir, indexFile), "utf8").then(JSON.parse));
  const map = typeof index === "object" && index !== null && "weight_map" in index ? index.weight_map : undefined;
  const names = new Set(Object.values(map ?? {}));
  const found = listed.filter(({ path }) => names.has(path) && !path.includes("/"));
  if (found.length === names.size) return found;
  return yield* error(model, "files", `${indexFile} names files that the repository does not have`);
});

const fetchFile = Effect.fnUntraced(function* (repository: Repository, file: Listed): Effect.fn.Return<void, HubError> {
  const { model, dir } = repository;
  const path = join(dir, file.path);
  if ((yield* isThere(path)) && (yield* hashOf(model, path, file)) === file.hash) return;
  const partial = `${path}.partial`;
  const { report } = yield* StandardStreams;
  yield* report(`fetching ${model} ${file.path} (${(file.size / 1e6).toFixed(1)} MB)`);
  yield* transfer(repository, file, partial).pipe(
    Effect.retry({ schedule, times: 4, while: ({ reason }) => reason === "network" }),
    Effect.scoped,
  );
  const found = yield* hashOf(model, partial, file);
  if (found !== file.hash) {
    yield* io(model, () => rm(partial));
    const problem = `${file.path} has the hash ${found} and not ${file.hash}; it was removed, try again`;
    return yield* error(model, "files", problem);
  }
  yield* io(model, () => rename(partial, path));
});

/** Fetches what is not yet there of a file; fails if fewer bytes come than the Hub lists, so that a retry goes on there. */
const transfer = Effect.fnUntraced(function* (repository: Repository, file: Listed, partial: string) {
  const { model, id, revision, hub } = repository;
  const failed = (cause: unknown) => unreachable(repository, cause);
  const handle = yield* Effect.acquireRelease(
    io(model, () => open(partial, "a")),
    (it) => Effect.promise(() => it.close()),
  );
  const there = (yield* io(model, () => handle.stat())).size;
  if (there > file.size) yield* io(model, () => handle.truncate(0));
  const start = there > file.size ? 0 : there;
  if (start === file.size) return;
  const headers = {
    ...(hub.token && { Authorization: `Bearer ${hub.token}` }),
    ...(start > 0 && { Range: `bytes=${start}-` }),
  };
  const url = `${hub.endpoint}/${id}/resolve/${revision}/${encodeURIComponent(file.path)}`;
  const response = yield* Effect.tryPromise({ try: (signal) => fetch(url, { headers, signal }), catch: failed });
  const { body, ok, status } = response;
  if (!ok || body === null) {
    yield* Effect.promise(() => body?.cancel() ?? Promise.resolve());
    return yield* failed(Object.assign(new Error(`status ${status} for ${file.path}`), { statusCode: status }));
  }
  // A server may answer a range with the whole file.
  if (start > 0 && status !== 206) yield* io(model, () => handle.truncate(0));
  const progress = yield* Progress.make(file.path, file.size - (status === 206 ? start : 0));
  yield* Stream.fromReadableStream({ evaluate: () => body, onError: failed }).pipe(
    Stream.runForEach((bytes) =>
      Effect.andThen(io(model, () => handle.appendFile(bytes)), progress.advance(bytes.length))
    ),
  );
  yield* io(model, () => handle.sync());
  const size = (yield* io(model, () => handle.stat())).size;
  if (size < file.size) return yield* failed(new Error(`${file.path} ended after ${size} of ${file.size} bytes`));
});

/** The hash of a file in the form that the Hub lists for it. */
const hashOf = Effect.fnUntraced(function* (model: string, path: string, { size, hash }: Listed) {
  const digest = hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
  const failed = (cause: unknown) => error(model, "files", messageOf(cause));
  yield* Stream.fromAsyncIterable(createReadStream(path, { highWaterMark: 1 << 22 }), failed).pipe(
    Stream.runForEach((bytes: Uint8Array) => Effect.sync(() => digest.update(bytes))),
  );
  return digest.digest("hex");
});
