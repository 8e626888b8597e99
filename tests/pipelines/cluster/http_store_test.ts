/** A served store: tokens, hashes at both ends, and a download that is cut and goes on. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Effect, Result } from "effect";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBlobStore } from "../../../pipelines/cluster/blob_store.ts";
import type { ClusterError } from "../../../pipelines/cluster/cluster_error.ts";
import { openHttpStore } from "../../../pipelines/cluster/http_store.ts";
import { serveStore } from "../../../pipelines/cluster/store_server.ts";
import { StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { sha256 } from "../../../pipelines/records/text.ts";
import { newFolder } from "./plain_site.ts";

const [write, read] = ["w".repeat(16), "r".repeat(16)];
Deno.env.set("SIGNUM_STORE_TOKEN", write);
Deno.env.set("SIGNUM_STORE_READ_TOKEN", read);

const folder = newFolder();

/** Runs a test beside a server of a store in its own folder. */
const served = (name: string, test: (port: number) => Effect.Effect<void, unknown>) =>
  Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const store = yield* openBlobStore(join(folder, name));
      yield* test(yield* serveStore(store, 0));
    })).pipe(Effect.provideService(StandardStreams, { ...StandardStreams.defaultValue(), report: () => Effect.void })),
  );

const failure = <A>(effect: Effect.Effect<A, ClusterError>) =>
  Effect.map(Effect.result(effect), (result) => {
    assert(Result.isFailure(result));
    return result.failure;
  });

const bytes = new Uint8Array(3_000_000).map((_, i) => (i * 7919) >> 5);

Deno.test("blobs are kept and read through the server as in a folder", () =>
  served("whole", (port) =>
    Effect.gen(function* () {
      const store = yield* openHttpStore(`http://127.0.0.1:${port}`);
      const name = yield* store.put(bytes);
      assert.equal(name, createHash("sha256").update(bytes).digest("hex"));
      assert(readFileSync(join(folder, "whole", "blobs", name.slice(0, 2), name)).equals(bytes));
      assert(yield* store.has(name));
      assert(Buffer.from(bytes).equals(yield* store.get(name)));
      writeFileSync(join(folder, "file"), "some text");
      const file = yield* store.putFile(join(folder, "file"));
      yield* store.getFile(file, join(folder, "copy"));
      assert.equal(readFileSync(join(folder, "copy"), "utf8"), "some text");
      const absent = yield* failure(store.get("0".repeat(64)));
      assert.equal(absent.reason, "missing");
      assert.equal((yield* failure(store.get("../blobs"))).reason, "name");
      // A damaged blob is removed, and its maker makes it again.
      writeFileSync(join(folder, "whole", "blobs", file.slice(0, 2), file), "other text");
      assert.equal((yield* failure(store.get(file))).reason, "missing");
      assert.equal(yield* store.put("some text"), file);
      assert.equal(new TextDecoder().decode(yield* store.get(file)), "some text");
    })));

Deno.test("without its token a request is refused, the read token writes nothing, and bytes of another hash are not kept", () =>
  served("tokens", (port) =>
    Effect.promise(async () => {
      const ask = async (name: string, init: RequestInit, token?: string) => {
        const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
        const response = await fetch(`http://127.0.0.1:${port}/${name}`, { ...init, headers });
        await response.body?.cancel();
        return response.status;
      };
      const name = sha256("x");
      const put: RequestInit = { method: "PUT", body: "x" };
      assert.equal(await ask(name, put), 401);
      assert.equal(await ask(name, put, "x".repeat(16)), 401);
      assert.equal(await ask(name, put, read), 403);
      assert.equal(await ask(sha256("y"), put, write), 422);
      assert.equal(await ask(sha256("y"), {}, write), 404);
      assert.equal(await ask(name, put, write), 204);
      assert.equal(await ask(name, {}, read), 200);
      assert.equal(await ask(name, {}), 401);
      assert.equal(await ask("..%2f..%2fetc%2fpasswd", {}, write), 400);
      assert.equal(await ask(name, { method: "DELETE" }, write), 405);
    })));

/** A proxy that ends its first connections after `size` bytes of an answer; returns how many bytes it carried. */
const cutting = (to: number, size: number, cuts: number) => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const carried = { bytes: 0, connections: 0 };
  (async () => {
    for await (const client of listener) {
      const isCut = carried.connections++ < cuts;
      const server = await Deno.connect({ hostname: "127.0.0.1", port: to });
      client.readable.pipeTo(server.writable).catch(() => undefined);
      let left = isCut ? size : Infinity;
      const limit = new TransformStream<Uint8Array, Uint8Array>({
        transform: (piece, controller) => {
          const some = piece.subarray(0, left);
          left -= some.length;
          carried.bytes += some.length;
          controller.enqueue(some);
          if (left === 0) controller.error(new Error("cut"));
        },
      });
      server.readable.pipeThrough(limit).pipeTo(client.writable).catch(() => undefined);
    }
  })();
  return { carried, port: (listener.addr as Deno.NetAddr).port, close: () => listener.close() };
};

Deno.test({
  name: "a download that is cut goes on at the byte where it stopped",
  sanitizeResources: false,
  sanitizeOps: false,
  fn: () =>
    served("cut", (port) =>
      Effect.gen(function* () {
        const name = yield* (yield* openHttpStore(`http://127.0.0.1:${port}`)).put(bytes);
        const proxy = cutting(port, 1_000_000, 2);
        const store = yield* openHttpStore(`http://127.0.0.1:${proxy.port}`);
        yield* store.getFile(name, join(folder, "cut-copy"));
        assert(readFileSync(join(folder, "cut-copy")).equals(bytes));
        assert.equal(proxy.carried.connections, 3);
        assert(proxy.carried.bytes < bytes.length + 10_000, `${proxy.carried.bytes} bytes`);
        proxy.close();
      })),
});

Deno.test("an address past this machine is https, holds no password, and has no queue in a file", async () => {
  const refusal = async (address: string) => {
    const result = await Effect.runPromise(Effect.result(openHttpStore(address)));
    return Result.isFailure(result) ? result.failure.message : "";
  };
  assert.match(await refusal("http://store.example.org"), /past this machine it must be https/);
  assert.match(await refusal("https://me:secret@store.example.org"), /^Cannot use --store: expected a folder/);
  assert.equal(await refusal("https://store.example.org"), "");
});
