/**
 * Models and data sets by Hub name (`Qwen/Qwen2.5-0.5B`, or `…@revision`) as local files. Complete snapshots in the Hugging Face cache
 * (`HF_HUB_CACHE`, else `HF_HOME/hub`) are used in place; others are downloaded from `HF_ENDPOINT` (default https://huggingface.co) to
 * `$SIGNUM_HOME/models` and `$SIGNUM_HOME/data_sets`. Complete downloads are never requested again, so a run needs the network once, and
 * never with `HF_HUB_OFFLINE=1`. Processes that fetch the same repository wait for each other.
 */
import { Effect, type Scope } from "effect";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { companionFiles, indexFile, weightsFile } from "./checkpoint_directory.ts";
import { home } from "./home.ts";
import { fetchFile, has, HubError, io, list, type Listed, lock, type Repository } from "./hub_transfer.ts";
import { writeText } from "./run_directory.ts";
import { dataEndings, isDataFile, readRows } from "./source.ts";
import { unlessMissing } from "./text_file.ts";
import { readIndex } from "./weights_index.ts";

export { HubError } from "./hub_transfer.ts";

/** The source and the target folders of repositories; `fromEnvironment` reads them from the environment. */
export interface Hub {
  readonly endpoint: string;
  /** The folder of downloaded models. */
  readonly folder: string;
  /** The folder of downloaded data sets (default: `data_sets` in `folder`). */
  readonly dataFolder?: string;
  readonly token?: string | undefined;
  /** Hugging Face's own cache, read only. */
  readonly cache?: string | undefined;
  /** Whether the network is forbidden. */
  readonly offline?: boolean;
}

/** The Hub as the environment configures it. */
export const fromEnvironment = (): Hub => {
  const read = (name: string) => Deno.env.get(name) || undefined;
  // Read only for Hub names: a command on local files needs no permission for the environment.
  const cacheHome = () => read("HF_HOME") ?? join(read("XDG_CACHE_HOME") ?? join(homedir(), ".cache"), "huggingface");
  return {
    endpoint: (read("HF_ENDPOINT") ?? "https://huggingface.co").replace(/\/+$/, ""),
    folder: join(home(), "models"),
    dataFolder: join(home(), "data_sets"),
    token: read("HF_TOKEN"),
    get cache() {
      return read("HF_HUB_CACHE") ?? join(cacheHome(), "hub");
    },
    offline: /^(1|true|yes|on)$/i.test(read("HF_HUB_OFFLINE") ?? ""),
  };
};

/** The required part of a model: all of it, or its tokenizer. */
export type Need = "weights" | "tokenizer";

/** The directory of a model given as a directory or a Hub name. */
export const resolveModel = Effect.fn("Hub.resolveModel")(function* (
  model: string,
  hub: Hub = fromEnvironment(),
  need: Need = "weights",
): Effect.fn.Return<string, HubError> {
  if (yield* has({ kind: "model", asked: model }, model)) return model;
  const name = nameOf(model);
  if (name === undefined || name.folder !== "") {
    return yield* error("model", model, "name", "no such directory, and no Hub name (OWNER/NAME)");
  }
  const repository = repositoryOf("model", model, name, hub.folder, hub);
  const { dir } = repository;
  if (yield* has(repository, join(dir, marks.weights))) return dir;
  if (need === "tokenizer" && (yield* has(repository, join(dir, marks.tokenizer)))) return dir;
  const cached = yield* snapshotOf(repository);
  if (cached !== undefined && (yield* isWhole(repository, cached, need))) return cached;
  if (hub.offline) return yield* offline(repository, dir);
  return yield* Effect.scoped(fetchModel(repository, need));
});

/** A local file or folder of problems as given, or the file of a split of the Hub data set `data`. */
export const resolveData = Effect.fn("Hub.resolveData")(function* (
  data: string,
  split: string,
  hub: Hub = fromEnvironment(),
): Effect.fn.Return<string, HubError> {
  const name = nameOf(data);
  // A path with a data file's extension is a missing file, which its reader reports.
  if (name === undefined || (yield* has({ kind: "data set", asked: data }, data)) || isDataFile(data)) return data;
  const repository = repositoryOf("data set", data, name, hub.dataFolder ?? join(hub.folder, "data_sets"), hub);
  const joined = join(repository.dir, name.folder, `${split}.joined.jsonl`);
  if (yield* has(repository, joined)) return joined;
  for (const dir of [repository.dir, yield* snapshotOf(repository)]) {
    if (
      dir === undefined ||
      (dir === repository.dir && !(yield* has(repository, join(dir, markOf(name.folder, split)))))
    ) {
      continue;
    }
    const paths = filesOf(yield* filesBelow(repository, dir), name.folder, split);
    if (paths.length > 0) {
      yield* inOneFolder(repository, paths, split);
      return yield* oneFile(repository, paths.map((path) => join(dir, path)), joined);
    }
  }
  if (hub.offline) return yield* offline(repository, repository.dir);
  return yield* Effect.scoped(Effect.gen(function* () {
    yield* lock(repository);
    const listed = yield* list(repository, true);
    const paths = filesOf(listed.map(({ path }) => path), name.folder, split);
    if (paths.length === 0) return yield* noSplit(repository, listed, name.folder, split);
    yield* inOneFolder(repository, paths, split);
    yield* Effect.forEach(listed.filter(({ path }) => paths.includes(path)), (file) => fetchFile(repository, file));
    yield* io(repository, () => writeFile(join(repository.dir, markOf(name.folder, split)), ""));
    return yield* oneFile(repository, paths.map((path) => join(repository.dir, path)), joined);
  }));
});

interface Name {
  readonly id: string;
  readonly folder: string;
  readonly revision: string;
}

const nameOf = (text: string): Name | undefined => {
  const part = "[\\w-][\\w.-]*";
  const found = new RegExp(`^(${part})/(${part})((?:/${part})*)(?:@(${part}))?$`).exec(text);
  if (found === null) return undefined;
  const [, owner, name, folder, revision = "main"] = found;
  return { id: `${owner}/${name}`, folder: folder.slice(1), revision };
};

const repositoryOf = (
  kind: Repository["kind"],
  asked: string,
  { id, revision }: Name,
  folder: string,
  { endpoint, token, cache }: Hub,
): Repository => ({ kind, asked, id, revision, endpoint, token, cache, dir: join(folder, id, revision) });

const marks: Readonly<Record<Need, string>> = { weights: ".complete", tokenizer: ".tokenizer" };
const markOf = (folder: string, split: string) => `.${["complete", folder.replaceAll("/", "-"), split].join("-")}`;

const error = (kind: Repository["kind"], asked: string, reason: HubError["reason"], problem: string) =>
  new HubError({ kind, asked, reason, problem });

const offline = ({ kind, asked, cache }: Repository, dir: string) =>
  error(
    kind,
    asked,
    "network",
    `HF_HUB_OFFLINE is set, and it is neither in "${dir}" nor${
      cache === undefined ? " in a cache" : ` whole in "${cache}"`
    }`,
  );

const fetchModel = Effect.fnUntraced(function* (
  repository: Repository,
  need: Need,
): Effect.fn.Return<string, HubError, Scope.Scope> {
  const { asked, dir } = repository;
  yield* lock(repository);
  // Another process may have fetched it during the wait for the lock.
  if (yield* has(repository, join(dir, marks[need]))) return dir;
  const listed = yield* list(repository, false);
  const wanted = [...companionFiles, "config.json", ...(need === "weights" ? [indexFile] : [])];
  const fetched = yield* Effect.forEach(
    listed.filter(({ path }) => wanted.includes(path)),
    (file) => Effect.as(fetchFile(repository, file), file.path),
  );
  if (need === "tokenizer") {
    if (!fetched.includes("tokenizer.json")) {
      return yield* error("model", asked, "files", "the repository has no tokenizer.json");
    }
    yield* io(repository, () => writeFile(join(dir, marks.tokenizer), ""));
    return dir;
  }
  const weights = yield* weightFiles(repository, listed);
  if (!fetched.includes("config.json") || weights.length === 0) {
    return yield* error("model", asked, "files", "the repository has no config.json or no *.safetensors weights");
  }
  yield* Effect.forEach(weights, (file) => fetchFile(repository, file));
  yield* io(repository, () => writeFile(join(dir, marks.weights), ""));
  return dir;
});

/** The weight files that the index names, else the single file. */
const weightFiles = Effect.fnUntraced(function* (
  repository: Repository,
  listed: ReadonlyArray<Listed>,
): Effect.fn.Return<ReadonlyArray<Listed>, HubError> {
  const failed = (cause: { readonly message: string }) => error("model", repository.asked, "files", cause.message);
  const places = listed.some(({ path }) => path === indexFile)
    ? yield* Effect.mapError(readIndex(repository.dir), failed)
    : undefined;
  if (places === undefined) return listed.filter(({ path }) => path === weightsFile);
  const names = new Set(places.values());
  const found = listed.filter(({ path }) => names.has(path));
  if (found.length === names.size) return found;
  return yield* error("model", repository.asked, "files", `${indexFile} names files that the repository does not have`);
});

/** The snapshot of a repository in Hugging Face's cache, possibly incomplete. */
const snapshotOf = Effect.fnUntraced(function* (repository: Repository) {
  const { kind, id, revision, cache } = repository;
  if (cache === undefined) return undefined;
  const root = join(cache, `${kind === "model" ? "models" : "datasets"}--${id.replace("/", "--")}`);
  const ref = yield* io(repository, () => unlessMissing(readFile(join(root, "refs", revision), "utf8")));
  const snapshot = join(root, "snapshots", (ref ?? revision).trim());
  return (yield* has(repository, snapshot)) ? snapshot : undefined;
});

/** Whether a directory has the required part of a model. */
const isWhole = Effect.fnUntraced(function* (repository: Repository, dir: string, need: Need) {
  const hasFile = (name: string) => has(repository, join(dir, name));
  if (need === "tokenizer") return yield* hasFile("tokenizer.json");
  if (!(yield* hasFile("config.json")) || !(yield* hasFile("tokenizer.json"))) return false;
  if (!(yield* hasFile(indexFile))) return yield* hasFile(weightsFile);
  // A snapshot whose index cannot be used is fetched anew.
  const places = yield* Effect.orElseSucceed(readIndex(dir), () => undefined);
  if (places === undefined) return false;
  const there = yield* Effect.forEach([...new Set(places.values())], hasFile);
  return there.every((one) => one);
});

const filesBelow = (repository: Repository, dir: string) =>
  Effect.map(io(repository, () => unlessMissing(readdir(dir, { recursive: true }))), (names) => names ?? []);

/** The files of a split, in order: `test.parquet`, `data/test-00000-of-00002.parquet`, all with the first extension that exists. */
const filesOf = (paths: ReadonlyArray<string>, folder: string, split: string): ReadonlyArray<string> => {
  const shape = new RegExp(`^${split}(-\\d+-of-\\d+(-[0-9a-f]+)?)?$`);
  const there = paths.filter((path) => folder === "" || dirname(path) === folder).toSorted();
  const found = dataEndings.map((ending) =>
    there.filter((path) => path.endsWith(`.${ending}`) && shape.test(basename(path, `.${ending}`)))
  );
  return found.find((some) => some.length > 0) ?? [];
};

/** Fails if a split is in several folders, since each is a different data set. */
const inOneFolder = ({ asked }: Repository, paths: ReadonlyArray<string>, split: string) => {
  const folders = [...new Set(paths.map((path) => dirname(path)))];
  const problem = `the split "${split}" lies in ${folders.join(", ")}; name one of them as OWNER/NAME/FOLDER`;
  return folders.length > 1 ? Effect.fail(error("data set", asked, "files", problem)) : Effect.void;
};

const noSplit = ({ asked }: Repository, listed: ReadonlyArray<Listed>, folder: string, split: string) => {
  const data = listed.map(({ path }) => path).filter(isDataFile);
  const found = data.length === 0 ? "it has no Parquet or JSONL files" : `it has ${data.slice(0, 8).join(", ")}`;
  const where = folder === "" ? "" : ` in "${folder}"`;
  return error("data set", asked, "files", `there is no file of the split "${split}"${where}: ${found}`);
};

/** A single file as it is; the rows of several as one JSONL file beside them. */
const oneFile = Effect.fnUntraced(function* (
  repository: Repository,
  paths: ReadonlyArray<string>,
  joined: string,
): Effect.fn.Return<string, HubError> {
  if (paths.length === 1) return paths[0];
  const failed = (cause: { readonly message: string }) => error("data set", repository.asked, "files", cause.message);
  const rows = yield* Effect.mapError(Effect.forEach(paths, (path) => readRows(path)), failed);
  const lines = rows.flat().map((row) => `${JSON.stringify(row, plain)}\n`);
  yield* Effect.mapError(writeText(joined, lines.join("")), failed);
  return joined;
});

const plain = (_: string, value: unknown): unknown =>
  typeof value !== "bigint" ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
