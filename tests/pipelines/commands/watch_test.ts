/** `watch` over a made-up run: what it answers, whom it answers, and the page in a real browser while the run grows. */
import assert from "node:assert/strict";
import { Deferred, Effect, Fiber } from "effect";
import { join } from "node:path";
import { run } from "../../../pipelines/cli.ts";
import { serveRun } from "../../../pipelines/commands/watch.ts";
import { acquire } from "../../../pipelines/files/run_directory.ts";
import { browser, inBrowser } from "../../browser.ts";
import { wild, writeRun } from "../reports/page/made_up_run.ts";

/** Serves the page of a folder, which is not there yet, while `use` runs. */
const watched = async (use: (folder: string, url: string, end: () => Promise<void>) => Promise<void>) => {
  const parent = await Deno.makeTempDir();
  const folder = join(parent, "run");
  const ready = Deferred.makeUnsafe<string>();
  const serving = Effect.runFork(serveRun(folder, 0, (url) => Effect.asVoid(Deferred.succeed(ready, url))));
  const end = () => Effect.runPromise(Fiber.interrupt(serving));
  try {
    await use(folder, await Effect.runPromise(Deferred.await(ready)), end);
  } finally {
    await end();
    await Deno.remove(parent, { recursive: true });
  }
};

const row = (step: number, more: object = {}) =>
  JSON.stringify({ step, correctRatio: 0.25 * step, meanEntropy: 0.4, ...more });

const timing = (step: number) => ({
  timing: {
    sampleTokensPerSecond: 100,
    trainTokensPerSecond: 50,
    sampleSeconds: 1,
    trainSeconds: 2,
    wallTime: 10 * step,
  },
});

const append = (folder: string, text: string) =>
  Deno.writeTextFile(join(folder, "metrics.ndjson"), text, { append: true });

/** The page, asked for until it says something: an answer may be some moments old. */
const pageWith = async (url: string, said: RegExp): Promise<string> => {
  for (let tries = 0; tries < 200; tries++) {
    const page = await (await fetch(url)).text();
    if (said.test(page)) return page;
    await new Promise((go) => setTimeout(go, 50));
  }
  return assert.fail(`the page never says ${said}`);
};

Deno.test("watch waits for a run, follows it over half a line, and says when it has stopped, goes on and has ended", () =>
  watched(async (folder, url) => {
    await pageWith(url, /Waiting: there is no run in /);
    await writeRun(folder);
    const stopped = await pageWith(url, /Stopped: /);
    assert.match(stopped, /has no checkpoint yet \(--save-every\); deno task train .* begins again with step 1\./);
    assert.match(stopped, /1 recorded step\b/);
    await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      yield* acquire(folder);
      yield* Effect.promise(async () => {
        await pageWith(url, /Step 2 of 1 is going on|All 1 steps are done/);
        await append(folder, `${row(2, timing(2))}\n{"step":3,"corr`);
        const page = await pageWith(url, /2 recorded steps/);
        assert.doesNotMatch(page, /Cannot/);
        assert.match(page, /<dt>sampling<\/dt><dd>100 tokens\/s<\/dd>/);
        // The newest step's responses, escaped, with verdicts; neither a walk nor hashes.
        assert.ok(page.includes("run, step 1: <code>countdown/train/7</code>") && page.includes("✗ incorrect"));
        assert.ok(!page.includes(wild) && !page.includes('id="walk"') && !page.includes('class="hashes"'));
        // What is begun again from a checkpoint has fewer rows than before.
        await Deno.writeTextFile(join(folder, "metrics.ndjson"), `${row(1)}\n`);
        await pageWith(url, /1 recorded step\b/);
        await Deno.writeTextFile(join(folder, "metrics.ndjson"), `${row(1)}\nno row\n`);
        await pageWith(url, /Cannot read .*metrics\.ndjson.*, line 2/);
        await Deno.writeTextFile(join(folder, "metrics.ndjson"), `${row(1)}\n`);
        await pageWith(url, /1 recorded step\b/);
      });
    })));
    await Deno.mkdir(join(folder, "model/trainer_state"), { recursive: true });
    await Deno.writeTextFile(join(folder, "model/trainer_state/finished.json"), '{"step":1}\n');
    await pageWith(url, /The run has ended after 1 step\./);
  }));

/** The head of the answer to a request as it stands. */
const raw = async (url: string, head: string): Promise<string> => {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(new URL(url).port) });
  await connection.write(new TextEncoder().encode(`${head}\r\nConnection: close\r\n\r\n`));
  return await new Response(connection.readable).text();
};

Deno.test("watch answers GET and HEAD of one page to this machine's own names, and nothing is for pages elsewhere", () =>
  watched(async (_, url) => {
    assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/$/);
    const page = await fetch(url);
    const tag = page.headers.get("etag") ?? "";
    const html = await page.text();
    assert.equal(page.status, 200);
    assert.deepEqual([...page.headers.keys()].filter((name) => name.startsWith("access-control")), []);
    assert.equal(page.headers.get("cross-origin-resource-policy"), "same-origin");
    assert.match(html, /default-src &#39;none&#39;; .*; connect-src &#39;self&#39;"/);
    assert.doesNotMatch(html, /(src|href|action)="?https?:|@import|url\(/);
    const same = await fetch(url, { headers: { "if-none-match": tag } });
    assert.deepEqual([same.status, await same.text()], [304, ""]);
    const head = await fetch(url, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("etag"), await head.text()], [200, tag, ""]);
    const post = await fetch(url, { method: "POST", body: "x" });
    assert.deepEqual([post.status, post.headers.get("allow"), await post.text()], [405, "GET, HEAD", ""]);
    const other = await fetch(`${url}metrics.ndjson`);
    assert.equal(other.status, 404);
    await other.body?.cancel();
    for (const name of ["localhost", "LOCALHOST:80", "127.0.0.1:9", "[::1]:9"]) {
      assert.match(await raw(url, `GET / HTTP/1.1\r\nHost: ${name}`), /^HTTP\/1\.1 200 /, name);
    }
    for (const name of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", ""]) {
      const refused = await raw(url, `GET / HTTP/1.1\r\nHost: ${name}`);
      assert.match(refused, /^HTTP\/1\.1 40[03] /, name);
      assert.ok(!refused.includes("<html"), name);
    }
  }));

Deno.test("watch names what it cannot do: a port that is taken, an evaluation", async () => {
  const refusal = (...words: ReadonlyArray<string>) =>
    Effect.runPromise(Effect.flip(run(["watch", ...words]))).then(({ message }) => message);
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr as Deno.NetAddr;
  assert.match(
    await refusal("nowhere", "--port", `${port}`),
    new RegExp(`Cannot listen at "127.0.0.1" .*port ${port} \\(--port\\): .*in use`),
  );
  taken.close();
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(join(folder, "samples.ndjson"), "");
  assert.equal(await refusal(folder), `Cannot watch "${folder}": it is an evaluation; report makes its page`);
  await Deno.remove(folder, { recursive: true });
});

Deno.test({
  name:
    "in a browser the page of watch grows without a reload; the place, what is pointed at and what is open stay (needs a browser)",
  ignore: browser === undefined,
  fn: () =>
    watched((folder, url, end) =>
      inBrowser(url, async ({ send, value, until }) => {
        await value("window.untouched = true; document.title");
        await writeRun(folder);
        await append(folder, `${row(2, { testAccuracy: 0.5 })}\n`);
        await until(`/2 recorded steps/.test(document.body.innerText)`);
        assert.equal(await value(`document.querySelector("#responses .right, #responses .wrong") !== null`), true);
        assert.match(String(await value("document.querySelector('#now').innerText")), /Stopped: /);
        await value(`document.querySelector("#dynamics .plot").scrollIntoView({ block: "start" })`);
        await value(`document.querySelector("#dynamics details").open = true`);
        const place = `document.querySelector("#dynamics .places_marks").lastElementChild.getBoundingClientRect()`;
        const [x, y] = [
          await value(`${place}.x - 20`),
          await value(`${place}.y + ${place}.height / 2`),
        ];
        await send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
        await until(`document.querySelector(".tip").hidden === false`);
        const tops = `document.querySelector("#dynamics h2").getBoundingClientRect().top`;
        const [top, scrolled, words] = [
          await value(tops),
          await value("scrollY"),
          `document.querySelector(".tip").innerText`,
        ];
        assert.match(String(await value(words)), /^step 2/);
        // What stands above becomes taller: the speeds of the run appear.
        await append(folder, [3, 4].map((step) => `${row(step, { ...timing(step), testAccuracy: 0.75 })}\n`).join(""));
        await until(`/4 recorded steps/.test(document.body.innerText) && document.getElementById("speed") !== null`);
        assert.equal(await value("window.untouched"), true);
        assert.ok(Math.abs(Number(await value(tops)) - Number(top)) < 1);
        assert.ok(Number(await value("scrollY")) > Number(scrolled));
        assert.equal(await value(`document.querySelectorAll(".tip").length`), 1);
        await until(`document.querySelector(".tip").hidden === false && /^step [34]/.test(${words})`);
        assert.equal(await value(`document.querySelector("#dynamics details").open`), true);
        assert.equal(await value(`document.querySelectorAll(".plot title").length`), 0);
        // Responses that are pointed at stay until the pointer leaves.
        await value(`document.getElementById("responses").scrollIntoView({ block: "start" })`);
        const steps = `document.querySelector("#responses h3").innerText`;
        assert.match(String(await value(steps)), /step 1:/);
        await send("Input.dispatchMouseEvent", { type: "mouseMoved", x: 600, y: 300 });
        await Deno.rename(join(folder, "steps/000001"), join(folder, "steps/000005"));
        await append(folder, `${row(5)}\n`);
        await until(`/5 recorded steps/.test(document.body.innerText)`);
        assert.match(String(await value(steps)), /step 1:/);
        await send("Input.dispatchMouseEvent", { type: "mouseMoved", x: 1270, y: 5 });
        await until(`/step 5:/.test(${steps})`);
        assert.equal(
          await value(`[...document.querySelectorAll("section.part")].map(({ id }) => id).join()`),
          "now,short,dynamics,speed,responses,settings",
        );
        await end();
        await until(`/No answer: /.test(document.querySelector(".lost").innerText)`);
        assert.equal(await value("window.untouched"), true);
      })
    ),
});
