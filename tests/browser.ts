/** A Chromium without a window, where there is one, driven over its DevTools protocol. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

/** The browser's path; undefined where there is none. */
export const browser = (Deno.env.get("PATH") ?? "").split(":")
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => `${folder}/${name}`))
  .find((path) => existsSync(path));

/** A tab: commands of the protocol, the value of an expression in the page, and waiting until an expression is true. */
export interface Tab {
  readonly send: (method: string, params?: object) => Promise<Record<string, unknown>>;
  readonly value: (expression: string) => Promise<unknown>;
  readonly until: (expression: string) => Promise<void>;
}

const lineWith = async (bytes: ReadableStream<Uint8Array>, pattern: RegExp): Promise<string> => {
  let said = "";
  for await (const text of bytes.pipeThrough(new TextDecoderStream())) {
    said += text;
    const found = pattern.exec(said)?.[1];
    if (found !== undefined) return found;
  }
  return assert.fail(`the browser said no ${pattern}: ${said}`);
};

/** Opens a page in a fresh browser while `use` runs. */
export const inBrowser = async (url: string, use: (tab: Tab) => Promise<void>): Promise<void> => {
  assert.ok(browser !== undefined);
  const profile = await Deno.makeTempDir();
  const child = new Deno.Command(browser, {
    args: [
      ...["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--window-size=1280,800"],
      `--user-data-dir=${profile}`,
      url,
    ],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const at = new URL(await lineWith(child.stderr, /DevTools listening on (ws:\S+)/));
    let debuggerUrl: string | undefined;
    while (debuggerUrl === undefined) {
      const tabs: ReadonlyArray<{ type: string; url: string; webSocketDebuggerUrl: string }> =
        await (await fetch(`http://${at.host}/json`)).json();
      debuggerUrl = tabs.find((tab) => tab.type === "page" && tab.url.startsWith(url))?.webSocketDebuggerUrl;
    }
    const socket = new WebSocket(debuggerUrl);
    await new Promise((opened) => socket.onopen = opened);
    const waiting = new Map<number, (answer: Record<string, unknown>) => void>();
    socket.onmessage = ({ data }) => {
      const { id, result, error } = JSON.parse(String(data));
      waiting.get(id)?.(error === undefined ? result : { error });
    };
    let id = 0;
    const send: Tab["send"] = (method, params = {}) =>
      new Promise((answered) => {
        waiting.set(++id, answered);
        socket.send(JSON.stringify({ id, method, params }));
      });
    const value: Tab["value"] = async (expression) => {
      const { result, exceptionDetails } = await send("Runtime.evaluate", { expression, returnByValue: true });
      assert.equal(exceptionDetails, undefined, `${expression}: ${JSON.stringify(exceptionDetails)}`);
      return Reflect.get(Object(result), "value");
    };
    const until: Tab["until"] = async (expression) => {
      for (let tries = 0; await value(expression) !== true; tries++) {
        if (tries === 600) assert.fail(`never true: ${expression}: ${await value("document.body?.innerText")}`);
        await new Promise((go) => setTimeout(go, 100));
      }
    };
    await until(`location.href === ${JSON.stringify(url)} && document.readyState === "complete"`);
    await use({ send, value, until });
    socket.close();
  } finally {
    child.kill();
    await child.status;
    await child.stderr.cancel().catch(() => {});
    await Deno.remove(profile, { recursive: true }).catch(() => {});
  }
};
