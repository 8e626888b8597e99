/** Processes with an embedded device: they end at once, whatever is in flight, use no processor time while idle, and say when a thread dies. */
import assert from "node:assert/strict";

const importsOf = (path: string) => new URL(path, import.meta.url).href;

/** What every script begins with; `spin` records a dispatch whose workgroups each take `n` microseconds or more. */
const start = `
import * as Effect from "effect/Effect";
import { openEmbedded } from "${importsOf("../../../kernels/wasm/open.ts")}";
import { makeKernel } from "${importsOf("../../../kernels/gpu/kernel.ts")}";
const text = \`struct Params { n: u32 }
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<uniform> params: Params;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3u) {
  var x = group.x + words[0];
  for (var i = 0u; i < params.n; i++) { for (var j = 0u; j < 1000u; j++) { x = x * 747796405u + 2891336453u; } }
  words[group.x] = x;
}
\`;
const kernel = makeKernel(text);
const spin = (encoder, n, groups = 6400) => {
  const words = encoder.upload(new Uint32Array(groups), 1, groups);
  encoder.dispatch(kernel, { tensors: [words], params: { n }, groups: [groups] });
  encoder.submit();
  return words;
};
const open = openEmbedded({ validated: false, why: "a test asks for it", threads: "2" });
const now = () => Math.round(performance.now());
`;

/** Runs a script; gives what it wrote, how it ended and when, in milliseconds since it was started. */
const run = async (body: string, more: { readonly signalAt?: string } = {}) => {
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(file, start + body);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-A", "--no-check", "--config", new URL("../../../deno.json", import.meta.url).pathname, file],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const end = setTimeout(() => child.kill("SIGKILL"), 30_000);
  let stdout = "";
  let marked = 0;
  const stderr = new Response(child.stderr).text();
  for await (const chunk of child.stdout) {
    stdout += new TextDecoder().decode(chunk);
    if (marked === 0 && stdout.includes("now\n")) {
      marked = performance.now();
      if (more.signalAt !== undefined) child.kill("SIGINT");
    }
  }
  const { code, signal } = await child.status;
  clearTimeout(end);
  await Deno.remove(file);
  return { stdout, stderr: await stderr, code, signal, took: performance.now() - marked };
};

Deno.test("a script that opens a device and closes it ends within a second", async () => {
  const { code, stderr, took } = await run(`
await Effect.runPromise(Effect.scoped(Effect.flatMap(open, (encoder) => encoder.read(spin(encoder, 1, 64)))));
console.log("now");
`);
  assert.equal(code, 0, stderr);
  assert.ok(took < 1000, `${took} ms`);
});

Deno.test("a device that is closed with seconds of work in flight lets the process end within a second", async () => {
  const { code, stderr, took } = await run(`
await Effect.runPromise(Effect.scoped(Effect.flatMap(open, (encoder) => Effect.sync(() => {
  for (let i = 0; i < 50; i++) spin(encoder, 10000);
  // The threads are at it when the device is closed.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  console.log("now");
}))));
`);
  assert.equal(code, 0, stderr);
  assert.ok(took < 1000, `${took} ms`);
});

Deno.test("SIGINT ends a process that waits for a dispatch of seconds", async () => {
  const { signal, code, took } = await run(
    `
await Effect.runPromise(Effect.scoped(Effect.flatMap(open, (encoder) => {
  const words = spin(encoder, 10000);
  console.log("now");
  return encoder.read(words);
})));
`,
    { signalAt: "now" },
  );
  assert.ok(signal === "SIGINT" || code === 130, `${signal} ${code}`);
  assert.ok(took < 1000, `${took} ms`);
});

Deno.test("an open device that has nothing to do uses no processor time", async () => {
  const { code, stdout, stderr } = await run(`
await Effect.runPromise(Effect.scoped(Effect.flatMap(open, (encoder) => Effect.gen(function* () {
  yield* encoder.read(spin(encoder, 1, 64));
  yield* Effect.promise(() => new Promise((done) => setTimeout(done, 300)));
  const before = process.cpuUsage();
  yield* Effect.promise(() => new Promise((done) => setTimeout(done, 1000)));
  const { user, system } = process.cpuUsage(before);
  console.log(JSON.stringify({ busy: (user + system) / 1000 }));
}))));
`);
  assert.equal(code, 0, stderr);
  const { busy } = JSON.parse(stdout);
  assert.ok(busy < 50, `${busy} ms of processor time in a second`);
});

Deno.test("a thread that ends is one line, and no wait goes on without it", async () => {
  const { code, stdout, stderr } = await run(`
const Real = Worker;
let count = 0;
globalThis.Worker = class extends Real {
  constructor(url, options) {
    super(count++ === 1 ? "data:text/javascript,self.onmessage = () => { throw new Error('lost') }" : url, options);
  }
};
const { message } = await Effect.runPromise(Effect.scoped(Effect.flatMap(open, (encoder) =>
  Effect.flip(encoder.read(spin(encoder, 1, 64)))
)));
console.log(message);
`);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^A thread of the device ended: .*lost\n$/);
});
