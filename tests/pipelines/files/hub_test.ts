/** Fetching models and data sets, against a small server on the loopback that answers as the Hub does. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import * as Effect from "effect/Effect";
import * as Hub from "../../../pipelines/files/hub.ts";
import { readRows } from "../../../pipelines/files/source.ts";
import { StandardStreams } from "../../../pipelines/files/standard_streams.ts";

const sha256 = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const blob = (data: Uint8Array) => createHash("sha1").update(`blob ${data.length}\0`).update(data).digest("hex");
const text = (value: string) => new TextEncoder().encode(value);
const weights = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251);
const repository: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "config.json": text("{}"),
  "tokenizer.json": text('{"version":"1.0"}'),
  "README.md": text("# A model"),
  "model.safetensors": weights,
  "pytorch_model.bin": weights,
};

interface Behaviour {
  /** Ends the first answer for the weights after so many bytes. */
  readonly cutAfter?: number;
  readonly ignoreRanges?: boolean;
  readonly wrongHash?: boolean;
  readonly files?: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** Sends the weights in pieces that take their time. */
  readonly slow?: boolean;
}

/** Serves `someone/tiny`, and gives `use` the Hub and the requests that came. */
const serving = async (behaviour: Behaviour, use: (hub: Hub.Hub, requests: Array<string>) => Promise<void>) => {
  const requests: Array<string> = [];
  const files = behaviour.files ?? repository;
  let cut = false;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    const range = request.headers.get("range");
    requests.push(range === null ? pathname : `${pathname} ${range}`);
    if (/^\/api\/(models|datasets)\/someone\/tiny\/tree\/main$/.test(pathname)) {
      return Response.json(
        Object.entries(files).map(([path, data]) => ({
          type: "file",
          path,
          size: data.length,
          oid: behaviour.wrongHash && path === "config.json" ? "0".repeat(40) : blob(data),
          ...(data === weights && { lfs: { oid: sha256(data), size: data.length, pointerSize: 130 } }),
        })),
      );
    }
    const data = files[pathname.replace(/^(\/datasets)?\/someone\/tiny\/resolve\/main\//, "")];
    if (data === undefined) return new Response("Repository not found", { status: 404 });
    const start = range === null || behaviour.ignoreRanges ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    const rest = data.subarray(start);
    if (behaviour.cutAfter !== undefined && data === weights && !cut) {
      cut = true;
      const first = rest.slice(0, behaviour.cutAfter);
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(first),
          pull: (controller) => controller.close(),
        }),
      );
    }
    if (behaviour.slow && data === weights) {
      let sent = 0;
      const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
        await new Promise((go) => setTimeout(go, 50));
        controller.enqueue(rest.slice(sent, sent += 20_000));
        if (sent >= rest.length) controller.close();
      };
      return new Response(new ReadableStream({ pull }), { status: start > 0 ? 206 : 200 });
    }
    return new Response(rest, { status: start > 0 ? 206 : 200 });
  });
  const folder = Deno.makeTempDirSync();
  await use({ endpoint: `http://127.0.0.1:${server.addr.port}`, folder }, requests);
  await server.shutdown();
  Deno.removeSync(folder, { recursive: true });
};

/** Runs with stderr into a list. */
const run = <A, E>(effect: Effect.Effect<A, E>, lines: Array<string> = []) =>
  Effect.runPromise(
    Effect.flatMap(Effect.service(StandardStreams), (streams) =>
      Effect.provideService(effect, StandardStreams, {
        ...streams,
        isTerminal: false,
        report: (line) => Effect.sync(() => void lines.push(line)),
      })),
  );

Deno.test("a Hub name becomes a directory of the files that a model needs, once", () =>
  serving({}, async (hub, requests) => {
    const lines: Array<string> = [];
    const dir = await run(Hub.resolveModel("someone/tiny", hub), lines);
    assert.equal(dir, `${hub.folder}/someone/tiny/main`);
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();
    assert.deepEqual(names, [".complete", "config.json", "model.safetensors", "tokenizer.json"]);
    assert.deepEqual(Deno.readFileSync(`${dir}/model.safetensors`), weights);
    assert.ok(lines.includes("fetching someone/tiny model.safetensors (0.2 MB)"), lines.join("\n"));
    const before = requests.length;
    assert.equal(await run(Hub.resolveModel("someone/tiny", hub)), dir);
    assert.equal(requests.length, before);
  }));

Deno.test("a transfer that breaks off is taken up where it ended", () =>
  serving({ cutAfter: 70_000 }, async (hub, requests) => {
    const dir = await run(Hub.resolveModel("someone/tiny", hub));
    assert.deepEqual(Deno.readFileSync(`${dir}/model.safetensors`), weights);
    assert.ok(requests.includes("/someone/tiny/resolve/main/model.safetensors bytes=70000-"), requests.join("\n"));
  }));

Deno.test("a server that knows no ranges is read from the start, and a part left by a killed run is used or replaced", async () => {
  for (const behaviour of [{ ignoreRanges: true }, {}]) {
    for (const left of [weights.slice(0, 999), weights, new Uint8Array(300_000)]) {
      await serving(behaviour, async (hub) => {
        Deno.mkdirSync(`${hub.folder}/someone/tiny/main`, { recursive: true });
        Deno.writeFileSync(`${hub.folder}/someone/tiny/main/model.safetensors.partial`, left);
        const dir = await run(Hub.resolveModel("someone/tiny", hub));
        assert.deepEqual(Deno.readFileSync(`${dir}/model.safetensors`), weights);
      });
    }
  }
});

Deno.test("a file whose hash is not the listed one is removed and named", async () => {
  await serving({ wrongHash: true }, async (hub) => {
    const error = await run(Effect.flip(Hub.resolveModel("someone/tiny", hub)));
    assert.match(
      error.message,
      /^Cannot get model "someone\/tiny": config.json has the hash [0-9a-f]{40} and not 0{40}/,
    );
    assert.deepEqual([...Deno.readDirSync(`${hub.folder}/someone/tiny/main`)], []);
  });
  await serving({}, async (hub) => {
    Deno.mkdirSync(`${hub.folder}/someone/tiny/main`, { recursive: true });
    Deno.writeFileSync(`${hub.folder}/someone/tiny/main/model.safetensors.partial`, new Uint8Array(100));
    const error = await run(Effect.flip(Hub.resolveModel("someone/tiny", hub)));
    assert.match(error.message, /model.safetensors has the hash/);
    await run(Hub.resolveModel("someone/tiny", hub));
  });
});

Deno.test("of sharded weights those that the index names are fetched", () => {
  const index = text(JSON.stringify({ weight_map: { a: "model-00001-of-00001.safetensors" } }));
  const files = {
    "config.json": text("{}"),
    "model.safetensors.index.json": index,
    "model-00001-of-00001.safetensors": weights,
    "model.safetensors": weights,
  };
  return serving({ files }, async (hub) => {
    const dir = await run(Hub.resolveModel("someone/tiny", hub));
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name).toSorted();
    assert.deepEqual(names, [
      ".complete",
      "config.json",
      "model-00001-of-00001.safetensors",
      "model.safetensors.index.json",
    ]);
  });
});

Deno.test("a name that the Hub lacks, no network and no name at all are three errors", async () => {
  const problem = async (model: string, hub: Hub.Hub) => (await run(Effect.flip(Hub.resolveModel(model, hub)))).message;
  await serving({}, async (hub) => {
    assert.match(
      await problem("someone/else", hub),
      /answers 404: no such repository, or one that needs HF_TOKEN/,
    );
    assert.match(await problem("no_such_folder", hub), /no such directory, and no Hub name/);
    assert.match(await problem("../../etc/x", hub), /no such directory, and no Hub name/);
    assert.equal(await run(Hub.resolveModel(hub.folder, hub)), hub.folder);
  });
  await serving({ files: { "README.md": text("") } }, async (hub) => {
    assert.match(await problem("someone/tiny", hub), /has no config.json or no \*.safetensors weights/);
  });
  const offline = { endpoint: "http://127.0.0.1:1", folder: Deno.makeTempDirSync() };
  assert.match(
    await problem("someone/tiny", offline),
    /^Cannot get model "someone\/tiny": http:\/\/127.0.0.1:1 cannot be reached .* offline, pass a directory$/,
  );
  Deno.removeSync(offline.folder, { recursive: true });
});

Deno.test("two processes that fetch one model wait for each other, and neither sees a half", async () => {
  await serving({ slow: true }, async (hub, requests) => {
    const lines: Array<string> = [];
    const dirs = await Promise.all([1, 2, 3].map(() => run(Hub.resolveModel("someone/tiny", hub), lines)));
    assert.equal(new Set(dirs).size, 1);
    assert.deepEqual(Deno.readFileSync(`${dirs[0]}/model.safetensors`), weights);
    assert.equal(requests.filter((path) => path.endsWith("model.safetensors")).length, 1);
    assert.equal(lines.filter((line) => line === "waiting for another process that fetches someone/tiny").length, 2);
  });
  // Processes of their own, of which the first is killed while it fetches.
  await serving({ slow: true }, async (hub, requests) => {
    const script = `
      import * as Effect from "effect/Effect";
      import * as Hub from ${JSON.stringify(new URL("../../../pipelines/files/hub.ts", import.meta.url).href)};
      console.log(await Effect.runPromise(Hub.resolveModel("someone/tiny", ${JSON.stringify(hub)})));`;
    const spawn = () =>
      new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "-A", "--config", new URL("../../../deno.json", import.meta.url).pathname, "--ext=ts", "-"],
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    const start = async () => {
      const child = spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(script));
      await writer.close();
      return child;
    };
    const first = await start();
    while (!requests.some((path) => path.endsWith("model.safetensors"))) await new Promise((go) => setTimeout(go, 10));
    const others = await Promise.all([start(), start()]);
    first.kill("SIGKILL");
    await first.output();
    for (const other of others) {
      const { code, stdout } = await other.output();
      assert.deepEqual([code, new TextDecoder().decode(stdout).trim()], [0, `${hub.folder}/someone/tiny/main`]);
    }
    assert.deepEqual(Deno.readFileSync(`${hub.folder}/someone/tiny/main/model.safetensors`), weights);
    assert.equal(
      Deno.readDirSync(`${hub.folder}/someone/tiny/main`).some(({ name }) => name.includes("partial")),
      false,
    );
  });
});

Deno.test("a tokenizer is fetched without the weights, which follow when they are needed", () =>
  serving({}, async (hub, requests) => {
    const dir = await run(Hub.resolveModel("someone/tiny", hub, "tokenizer"));
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).toSorted(), [
      ".tokenizer",
      "config.json",
      "tokenizer.json",
    ]);
    const before = requests.length;
    await run(Hub.resolveModel("someone/tiny", hub, "tokenizer"));
    assert.equal(requests.length, before);
    assert.equal(await run(Hub.resolveModel("someone/tiny", hub)), dir);
    assert.deepEqual(Deno.readFileSync(`${dir}/model.safetensors`), weights);
  }));

Deno.test("what Hugging Face's cache has whole is used where it lies; offline nothing is asked", () =>
  serving({}, async (hub, requests) => {
    const cache = `${hub.folder}/cache`;
    const root = `${cache}/models--someone--tiny`;
    Deno.mkdirSync(`${root}/refs`, { recursive: true });
    Deno.mkdirSync(`${root}/snapshots/abc`, { recursive: true });
    Deno.writeTextFileSync(`${root}/refs/main`, "abc");
    for (const name of ["config.json", "tokenizer.json"]) {
      Deno.writeFileSync(`${root}/snapshots/abc/${name}`, repository[name]);
    }
    const offline = { ...hub, cache, offline: true };
    const problem = await run(Effect.flip(Hub.resolveModel("someone/tiny", offline)));
    assert.match(
      problem.message,
      /^Cannot get model "someone\/tiny": HF_HUB_OFFLINE is set, and it is neither in ".*" nor whole in/,
    );
    // What is there is enough to turn texts into tokens.
    assert.equal(await run(Hub.resolveModel("someone/tiny", offline, "tokenizer")), `${root}/snapshots/abc`);
    Deno.writeFileSync(`${root}/snapshots/abc/model.safetensors`, weights);
    assert.equal(await run(Hub.resolveModel("someone/tiny", offline)), `${root}/snapshots/abc`);
    assert.equal(await run(Hub.resolveModel("someone/tiny@abc", offline)), `${root}/snapshots/abc`);
    assert.deepEqual(requests, []);
    assert.match(
      (await run(Effect.flip(Hub.resolveData("someone/set", "test", offline)))).message,
      /^Cannot get data set "someone\/set": HF_HUB_OFFLINE/,
    );
  }));

const rows = (...answers: ReadonlyArray<string>) =>
  text(answers.map((answer) => `${JSON.stringify({ problem: "?", answer })}\n`).join(""));

Deno.test("a data set's split becomes its file, shards become one, once", () =>
  serving({
    files: {
      "README.md": text("# Problems"),
      "data/test.jsonl": rows("1"),
      "data/train-00000-of-00002.jsonl": rows("1", "2"),
      "data/train-00001-of-00002.jsonl": rows("3"),
      // The same rows once more, under an ending that counts less.
      "data/train.ndjson": rows("1", "2", "3"),
      "data/valid.jsonl.gz": new Uint8Array(gzipSync(rows("4"))),
    },
  }, async (hub, requests) => {
    const test = await run(Hub.resolveData("someone/tiny", "test", hub));
    assert.equal(test, `${hub.folder}/data_sets/someone/tiny/main/data/test.jsonl`);
    assert.deepEqual(Deno.readFileSync(test), rows("1"));
    const train = await run(Hub.resolveData("someone/tiny", "train", hub));
    assert.deepEqual(Deno.readFileSync(train), rows("1", "2", "3"));
    const valid = await run(Hub.resolveData("someone/tiny", "valid", hub));
    assert.equal(valid, `${hub.folder}/data_sets/someone/tiny/main/data/valid.jsonl.gz`);
    assert.deepEqual(await run(readRows(valid)), [{ problem: "?", answer: "4" }]);
    const before = requests.length;
    assert.equal(await run(Hub.resolveData("someone/tiny", "test", { ...hub, offline: true })), test);
    assert.equal(await run(Hub.resolveData("someone/tiny", "train", hub)), train);
    assert.equal(requests.length, before);
    assert.ok(
      requests.every((path) => path.startsWith("/api/datasets/") || path.startsWith("/datasets/")),
      requests.join("\n"),
    );
    // What is no Hub name stays what it was.
    for (
      const path of ["problems.jsonl", "folder/problems.parquet", "folder/problems.NDJSON.gz", hub.folder, "one_word"]
    ) {
      assert.equal(await run(Hub.resolveData(path, "test", hub)), path);
    }
  }));

Deno.test("a split that is not there, or lies in several folders, is said with what there is", () =>
  serving({ files: { "a/test.jsonl": rows("1"), "b/test.jsonl": rows("2") } }, async (hub) => {
    const problem = async (data: string, split: string) =>
      (await run(Effect.flip(Hub.resolveData(data, split, hub)))).message;
    assert.equal(
      await problem("someone/tiny", "train"),
      'Cannot get data set "someone/tiny": there is no file of the split "train": it has a/test.jsonl, b/test.jsonl',
    );
    assert.match(await problem("someone/tiny", "test"), /lies in a, b; name one of them as OWNER\/NAME\/FOLDER$/);
    const chosen = await run(Hub.resolveData("someone/tiny/b", "test", hub));
    assert.deepEqual(Deno.readFileSync(chosen), rows("2"));
    assert.match(await problem("someone/else", "test"), /answers 404/);
  }));

Deno.test("a list that is no list of files is refused in one line that shows what is there", async () => {
  const good = { type: "file", path: "config.json", size: 2, oid: blob(text("{}")) };
  const lists: ReadonlyArray<unknown> = [
    [{ ...good, path: 3 }],
    [{ ...good, size: "2" }],
    [{ ...good, size: -1 }],
    [{ ...good, size: 1e300 }],
    [{ ...good, oid: 7 }],
    [{ ...good, lfs: "x" }],
    [{ ...good, lfs: { oid: 1, size: 2 } }],
    [{ ...good, type: null }],
    [null],
    [7],
  ];
  for (const listed of lists) {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => Response.json(listed));
    const folder = Deno.makeTempDirSync();
    const hub = { endpoint: `http://127.0.0.1:${server.addr.port}`, folder };
    const failure = await Effect.runPromise(Effect.flip(Hub.resolveModel("someone/tiny", hub)));
    assert.match(failure.message, /lists what is no file: |cannot be reached/, JSON.stringify(listed));
    assert.doesNotMatch(failure.message, /\n/);
    await server.shutdown();
    Deno.removeSync(folder, { recursive: true });
  }
});
