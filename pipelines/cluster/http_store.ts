/**
 * A store that a command serves (`store_server.ts`), as a worker sees it. A download that is cut goes on at the byte where it stopped; the hash of
 * the whole is verified here too. Past this machine the address is https, since the token goes with every request.
 */
import { Effect, Schedule } from "effect";
import { Buffer } from "node:buffer";
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { reasonOf } from "../files/text_file.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import { type BlobStore, hashOf, wholeFile } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { isBlobName } from "./job.ts";
import { storeToken, storeTokens } from "./secrets.ts";

/** Whether `--store` is an address. */
export const isStoreAddress = (text: string): boolean => /^https?:\/\//.test(text);

/** A failed request is repeated for a minute. */
const patience = Schedule.upTo(Schedule.spaced("1 second"), { duration: "1 minute" });

/** Milliseconds without a byte after which a connection counts as cut. */
const silence = 20_000;

interface Part {
  readonly hash: Hash;
  readonly write: (bytes: Uint8Array) => Promise<void>;
  got: number;
}

const failed = (reason: ClusterError["reason"], message: string) => new ClusterError({ reason, message });

/** Opens the store at an address. */
export const openHttpStore = Effect.fnUntraced(function* (address: string): Effect.fn.Return<BlobStore, Failure> {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const isLocal = url !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url === undefined || url.pathname !== "/" || url.search !== "" || url.username !== "" || url.password !== "") {
    return yield* new UsageError({
      message: "Cannot use --store: expected a folder, or http://127.0.0.1:PORT or https://HOST",
    });
  }
  if (!isLocal && url.protocol !== "https:") {
    return yield* new UsageError({ message: `Cannot use --store "${address}": past this machine it must be https` });
  }
  const token = yield* storeToken(storeTokens.write);
  if (token === undefined) {
    return yield* new UsageError({ message: `Cannot use --store "${address}": ${storeTokens.write} is missing` });
  }
  const at = (name: string) => new URL(name, url).href;
  const headers = { authorization: `Bearer ${token}` };

  /** Repeats what fails for reasons of the network. */
  const request = <A>(action: string, name: string, run: () => Promise<A>): Effect.Effect<A, ClusterError> => {
    if (!isBlobName(name)) {
      return Effect.fail(failed("name", `Cannot ${action} blob "${name}": expected 64 hexadecimal digits`));
    }
    const cannot = (cause: unknown) =>
      cause instanceof ClusterError
        ? cause
        : failed("network", `Cannot ${action} blob "${name}" of the store "${address}": ${reasonOf(cause)}`);
    return Effect.tryPromise({ try: run, catch: cannot }).pipe(
      Effect.retry({ schedule: patience, while: ({ reason }) => reason === "network" }),
    );
  };

  const refused = async (action: string, name: string, response: Response): Promise<Error> => {
    const said = (await response.text()).trim();
    if (response.status === 404) {
      return failed("missing", `Cannot read blob "${name}": the store "${address}" has none`);
    }
    if (response.status === 507) {
      return failed("full", `Cannot write blob "${name}": the disk of the store "${address}" is full`);
    }
    const message = `Cannot ${action} blob "${name}" of the store "${address}": HTTP ${response.status} ${said}`;
    return response.status >= 500 ? new Error(message) : failed("folder", message);
  };

  /** Receives what is missing of a blob; a repetition goes on where the last one stopped. */
  const receive = async (name: string, part: Part) => {
    const range: Record<string, string> = part.got > 0 ? { range: `bytes=${part.got}-` } : {};
    const cut = new AbortController();
    let timer = setTimeout(() => cut.abort(), silence);
    try {
      const response = await fetch(at(name), { headers: { ...headers, ...range }, signal: cut.signal });
      if (!response.ok) throw await refused("read", name, response);
      if (part.got > 0 && response.status !== 206) throw failed("network", "the store sends no ranges");
      for await (const bytes of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => cut.abort(), silence);
        part.hash.update(bytes);
        await part.write(bytes);
        part.got += bytes.length;
      }
    } finally {
      clearTimeout(timer);
    }
    const found = part.hash.digest("hex");
    if (found !== name) {
      throw failed("damaged", `Cannot read blob "${name}" of the store "${address}": its bytes have SHA-256 ${found}`);
    }
  };

  const has = (name: string) =>
    request("find", name, async () => {
      const response = await fetch(at(name), { method: "HEAD", headers });
      if (response.ok || response.status === 404) return response.ok;
      throw await refused("find", name, response);
    });
  const send = (name: string, body: () => BodyInit, length: number) =>
    Effect.flatMap(has(name), (isThere) =>
      isThere ? Effect.succeed(name) : request("write", name, async () => {
        const sized = { ...headers, "content-length": `${length}` };
        const response = await fetch(at(name), { method: "PUT", headers: sized, body: body() });
        if (!response.ok) throw await refused("write", name, response);
        return name;
      }));
  const into = (name: string, file: FileHandle) =>
    Effect.suspend(() => {
      const part: Part = { hash: createHash("sha256"), got: 0, write: (bytes) => file.writeFile(bytes) };
      return request("read", name, () => receive(name, part));
    });

  return {
    folder: address,
    pathOf: at,
    has,
    put: (given) => {
      const bytes = typeof given === "string" ? new TextEncoder().encode(given) : new Uint8Array(given);
      return send(createHash("sha256").update(bytes).digest("hex"), () => bytes, bytes.length);
    },
    putFile: (path) =>
      Effect.gen(function* () {
        const read = <A>(run: () => Promise<A>) =>
          Effect.tryPromise({
            try: run,
            catch: (cause) => failed("folder", `Cannot read "${path}": ${reasonOf(cause)}`),
          });
        const [name, { size }] = [yield* read(() => hashOf(path)), yield* read(() => stat(path))];
        return yield* send(name, () => Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>, size);
      }),
    get: (name) =>
      Effect.suspend(() => {
        const pieces: Uint8Array[] = [];
        const write = (bytes: Uint8Array) => Promise.resolve(void pieces.push(bytes));
        const part: Part = { hash: createHash("sha256"), got: 0, write };
        return Effect.map(
          request("read", name, () => receive(name, part)),
          () => new Uint8Array(Buffer.concat(pieces)),
        );
      }),
    getFile: (name, path) =>
      Effect.tryPromise({
        try: () =>
          wholeFile(path, async (partial) => {
            const file = await open(partial, "wx");
            await Effect.runPromise(into(name, file)).finally(() => file.close());
          }),
        catch: (cause) =>
          cause instanceof ClusterError ? cause : failed("folder", `Cannot write "${path}": ${reasonOf(cause)}`),
      }),
    // The command that serves the store cleans it up.
    // The command that serves the store removes what is in it.
    remove: () => Effect.void,
    sweep: () => Effect.succeed(0),
  };
});
