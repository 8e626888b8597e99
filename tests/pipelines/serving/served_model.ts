/** Servers in the process of a test: the first base of the tiny study, with a chat template, a longer context, or without an end. */
import { Effect, Exit, ManagedRuntime, Scope } from "effect";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layerWith } from "../../../pipelines/models/policy_on_device.ts";
import type { Policy } from "../../../pipelines/models/policy.ts";
import { serveCommand, type ServeSettings, type Serving, startServing } from "../../../pipelines/serving/serve.ts";
import { areValues } from "../../../pipelines/settings/setting.ts";
import { kernelsOfTests } from "../../adapter.ts";
import { base } from "../stages/with_policy.ts";

const runtime = ManagedRuntime.make(layerWith({ kernels: kernelsOfTests }));

/** Runs an effect on the device of the tests. */
export const onDevice = <A, E>(effect: Effect.Effect<A, E, Policy | Scope.Scope>): Promise<A> =>
  runtime.runPromise(Effect.scoped(effect));

/** A template that writes contents one after the other, and a mode. */
const template =
  "{% for message in messages %}{{ message.content }} {% endfor %}{% if add_generation_prompt %}{{ mode | default('<direct>') }}{% endif %}";

/** The kinds of models: as it is; with a chat template; with a long context and no token that ends a response. */
export type Kind = "plain" | "chat" | "endless";

/** A copy of the base of this kind, in a folder. */
const copied = async (folder: string, kind: Kind): Promise<string> => {
  const dir = join(folder, kind);
  await cp(base, dir, { recursive: true });
  if (kind === "chat") await writeFile(join(dir, "chat_template.jinja"), template);
  if (kind === "endless") {
    const config = JSON.parse(await readFile(join(dir, "config.json"), "utf8"));
    await writeFile(
      join(dir, "config.json"),
      JSON.stringify({ ...config, max_position_embeddings: 4096, eos_token_id: null }),
    );
    await rm(join(dir, "generation_config.json"));
  }
  return dir;
};

const defaults = Object.fromEntries(Object.entries(serveCommand.settings).map(([key, one]) => [key, one.default]));

const settingsOf = (given: Partial<ServeSettings>): ServeSettings => {
  const values = { ...defaults, port: 0, servedModel: "base", ...given };
  if (areValues(serveCommand.settings, values)) return values as unknown as ServeSettings;
  throw new Error(`not settings: ${JSON.stringify(values)}`);
};

/** A server and where it is. */
export interface TestServer extends Serving {
  readonly url: string;
  readonly dir: string;
  /** Ends the server as SIGTERM does. */
  readonly close: () => Promise<void>;
}

/** Posts JSON; gives the status and the parsed answer. */
// deno-lint-ignore no-explicit-any
export const post = async (url: string, body: unknown, headers: Record<string, string> = {}): Promise<any> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, ...JSON.parse(text) };
};

/** The values of a stream's events, without "[DONE]". */
// deno-lint-ignore no-explicit-any
export const eventsOf = (text: string): any[] => {
  const lines = text.split("\n\n").filter((line) => line !== "");
  if (lines.at(-1) !== "data: [DONE]") throw new Error(`no end: ${lines.at(-1)}`);
  return lines.slice(0, -1).map((line) => JSON.parse(line.slice("data: ".length)));
};

/** Starts a server, uses it and ends it. */
export const startedWith = async <A>(
  model: string,
  use: (server: TestServer) => Promise<A>,
  given: Partial<ServeSettings> = {},
): Promise<A> => {
  const scope = await Effect.runPromise(Scope.make());
  let closed: Promise<void> | undefined;
  const close = () => closed ??= Effect.runPromise(Scope.close(scope, Exit.void));
  try {
    const settings = settingsOf({ model, ...given });
    const serving = await runtime.runPromise(Scope.provide(startServing(settings), scope));
    return await use({ ...serving, dir: model, url: `http://127.0.0.1:${serving.port}`, close });
  } finally {
    await close();
  }
};

/** A test with a server. */
export const testServer = (
  name: string,
  { kind = "plain", ...given }: { readonly kind?: Kind } & Partial<ServeSettings>,
  body: (server: TestServer) => Promise<void>,
): void => {
  Deno.test({
    name,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: async () => {
      const folder = await mkdtemp(join(tmpdir(), "signum-serving-"));
      try {
        await startedWith(await copied(folder, kind), body, given);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  });
};
