/** What `doctor` says of each kind of device, and what it advises. */
import { Effect } from "effect";
import assert from "node:assert/strict";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import { run } from "../../../pipelines/cli.ts";
import { advice, doctorLines } from "../../../pipelines/commands/doctor.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";

const wasm: DeviceInfo = {
  kind: "wasm",
  description: "WebAssembly",
  why: "no driver of a GPU is installed",
  features: [],
  lanes: 0,
  serial: true,
  threads: 2,
  maxBinding: 2 ** 29,
  maxBuffer: 2 ** 29,
  validated: false,
};
const { serial: _, threads: __, ...plain } = wasm;
const card: DeviceInfo = {
  ...plain,
  kind: "gpu",
  description: "a card",
  features: ["subgroups", "shader-f16"],
  lanes: 32,
  maxBinding: 2 ** 31,
  maxBuffer: 2 ** 34,
  validated: true,
};

Deno.test("doctor says of the embedded device its threads and its memory, and that a GPU would be more", () => {
  assert.deepEqual(doctorLines(wasm, 2e-6), [
    "adapter      wasm: WebAssembly",
    "why          no driver of a GPU is installed (set SIGNUM_ADAPTER to gpu, wasm, lavapipe, swiftshader to choose)",
    "threads      2 (set SIGNUM_THREADS to choose)",
    "memory       512 MiB at most",
    "validation   off (set SIGNUM_VALIDATION=1 to check every access)",
    "self-test    a matrix product: passed, largest error 2.0e-6",
    "advice       no GPU is used: install its Vulkan driver and the loader (libvulkan1); containers of NVIDIA need NVIDIA_DRIVER_CAPABILITIES=all",
  ]);
});

Deno.test("doctor says of an adapter of Dawn its subgroups, features and limits, and what kernels was chosen", () => {
  assert.deepEqual(doctorLines({ ...card, notes: ["a note"] }, 1), [
    "adapter      gpu: a card",
    "why          no driver of a GPU is installed (set SIGNUM_ADAPTER to gpu, wasm, lavapipe, swiftshader to choose)",
    "subgroups    32 lanes",
    "features     subgroups, shader-f16",
    "limits       2048 MiB a binding, 16384 MiB a buffer",
    "validation   on (set SIGNUM_VALIDATION=1 to turn it on)",
    "self-test    a matrix product: FAILED, largest error 1.0e+0",
    "kernels      a note",
  ]);
});

Deno.test("what an adapter of Dawn lacks is said of it, not of the embedded device, and no software driver is advised", () => {
  const bare = { features: [], lanes: 0, maxBinding: 2 ** 27 };
  const topics = (kind: DeviceInfo["kind"]) => advice({ kind, ...bare }).map((line) => /^[^:]+/.exec(line)?.[0]);
  const lacking = [
    "no subgroups of one fixed size",
    "no shader-f16",
    "one binding covers less than 1 GiB",
  ];
  assert.deepEqual(topics("gpu"), lacking.map((line) => line));
  assert.deepEqual(topics("lavapipe"), ["no GPU is used", ...lacking]);
  assert.deepEqual(topics("swiftshader"), ["no GPU is used", ...lacking]);
  assert.deepEqual(topics("wasm"), ["no GPU is used"]);
  assert.doesNotMatch(advice({ kind: "swiftshader", ...bare }).join(), /lavapipe|mesa/);
});

Deno.test("doctor opens the device of this run, and its self-test is right", async () => {
  const io = memory("");
  await Effect.runPromise(run(["doctor"]).pipe(Effect.provideService(StandardStreams, io.streams)));
  assert.match(io.stdout(), /^adapter +(gpu|wasm|lavapipe|swiftshader): /);
  assert.match(io.stdout(), /^self-test .*: passed, largest error [\d.e-]+$/m);
});

const without = (denied: string) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=files", denied, "pipelines/cli.ts", "doctor"],
    env: { SIGNUM_ADAPTER: "wasm" },
  }).output();

Deno.test("the embedded device needs no native library: it runs where foreign functions are denied, and stderr is empty", async () => {
  const { code, stdout, stderr } = await without("--deny-ffi");
  assert.deepEqual([code, new TextDecoder().decode(stderr)], [0, ""]);
  assert.match(new TextDecoder().decode(stdout), /^adapter +wasm: WebAssembly\n/);
});
