/**
 * `deno task doctor`: which adapter runs the kernels and why, its features and limits (of the embedded device its threads and memory), a kernel
 * run and checked on it, and what is missing for more. It prints facts and needs no model.
 */
import { Effect } from "effect";
import { adapterKinds, type DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { matmulNT } from "../../kernels/ops/matmul/matmul.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { device } from "../settings/groups.ts";
import { StandardStreams } from "../files/standard_streams.ts";

/** What somebody with this adapter could have beyond it, a line each. */
export const advice = (
  { kind, features, lanes, maxBinding }: Pick<DeviceInfo, "kind" | "features" | "lanes" | "maxBinding">,
): ReadonlyArray<string> => [
  ...(kind === "gpu" ? [] : [
    "no GPU is used: install its Vulkan driver and the loader (libvulkan1); containers of NVIDIA need NVIDIA_DRIVER_CAPABILITIES=all",
  ]),
  ...(kind === "wasm" ? [] : [
    ...(lanes === 0 ? ["no subgroups of one fixed size: matrix products use the plain kernel, which is slow"] : []),
    ...(features.includes("shader-f16") ? [] : ["no shader-f16: matrix units cannot be used"]),
    ...(maxBinding < 2 ** 30 ? ["one binding covers less than 1 GiB: larger tensors are bound in windows"] : []),
  ]),
];

/** The largest error of a small matrix product on the device, against float64 on the host; of numbers that float16 holds, for matrix units. */
const selfTest = Effect.fnUntraced(function* (encoder: Encoder) {
  const [M, N, K] = [33, 20, 64];
  const value = (i: number) => ((i * 7919) % 129) / 64 - 1;
  const a = Float32Array.from({ length: M * K }, (_, i) => value(i));
  const b = Float32Array.from({ length: N * K }, (_, i) => value(i + 13));
  const c = encoder.tensor(M, N);
  matmulNT(encoder, encoder.upload(a, M, K), encoder.upload(b, N, K), undefined, c);
  const found = yield* encoder.read(c);
  let worst = 0;
  for (let m = 0; m < M; m++) {
    for (let n = 0; n < N; n++) {
      let sum = 0;
      for (let k = 0; k < K; k++) sum += a[m * K + k] * b[n * K + k];
      worst = Math.max(worst, Math.abs(sum - found[m * N + n]));
    }
  }
  return worst;
});

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** What is known of a device, a line each; `error` is the largest of the self-test. */
export const doctorLines = (info: DeviceInfo, error: number): ReadonlyArray<string> => [
  `adapter      ${info.kind}: ${info.description}`,
  `why          ${info.why} (set SIGNUM_ADAPTER to ${adapterKinds.join(", ")} to choose)`,
  ...(info.kind === "wasm"
    ? [
      `threads      ${info.threads} (set SIGNUM_THREADS to choose)`,
      `memory       ${mebibytes(info.maxBuffer)} at most`,
      `validation   ${info.validated ? "on" : "off"} (set SIGNUM_VALIDATION=1 to check every access)`,
    ]
    : [
      `subgroups    ${info.lanes === 0 ? "none of a fixed size" : `${info.lanes} lanes`}`,
      `features     ${info.features.join(", ") || "none of those that are used"}`,
      `limits       ${mebibytes(info.maxBinding)} a binding, ${mebibytes(info.maxBuffer)} a buffer`,
      `validation   ${info.validated ? "on" : "off"} (set SIGNUM_VALIDATION=1 to turn it on)`,
    ]),
  `self-test    a matrix product: ${error < 1e-4 ? "passed" : "FAILED"}, largest error ${
    error === 0 ? "0" : error.toExponential(1)
  }`,
  ...(info.notes ?? []).map((note) => `kernels      ${note}`),
  ...advice(info).map((line) => `advice       ${line}`),
];

/** `deno task doctor`. */
export const doctorCommand = makeCommand({
  name: "doctor",
  summary: "Shows the chosen adapter, why, its limits and features, and what is missing",
  settings: device,
  run: ({ kernels }) =>
    Effect.scoped(Effect.gen(function* () {
      const { environment, openDevice } = yield* Effect.promise(() => import("../../kernels/device/device.ts"));
      const { encoder, info } = yield* openDevice({ ...environment(), kernels });
      const error = yield* selfTest(encoder);
      const { write } = yield* StandardStreams;
      yield* Effect.catchTag(write(`${doctorLines(info, error).join("\n")}\n`), "PipeClosed", () => Effect.void);
      if (!(error < 1e-4)) {
        return yield* new Command.UsageError({ message: "The self-test failed: this adapter computes wrong numbers" });
      }
    })),
});
