/** The `Policy` service on an open device; reports the adapter and the reason for its choice on stderr. */
import * as Effect from "effect/Effect";
import * as Layer from "effect/Layer";
import { type DeviceOptions, environment, openDevice, type Opened, openWith } from "../../kernels/device/device.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { resolveModel } from "../files/hub.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { openCheckpoint } from "./checkpoint.ts";
import { withKnownTokens } from "./known_tokens.ts";
import { adviceOn } from "./memory_purposes.ts";
import type * as Model from "./model.ts";
import { loadModel } from "./model.ts";
import { Policy } from "./policy.ts";
import { openTokenizer } from "./tokenizer.ts";

const announced = Effect.fnUntraced(function* (opened: Opened) {
  const { info } = opened;
  const { report } = yield* StandardStreams;
  yield* report(`adapter: ${info.kind}, ${info.description} (${info.why})`);
  for (const note of info.notes ?? []) yield* report(note);
  return policyOn(opened);
});

/** The service on this device, without messages about it. */
export const policyOn = ({ encoder, info }: Opened): (typeof Policy)["Service"] => {
  encoder.advice = adviceOn;
  return {
    encoder,
    info,
    load: Effect.fn("Policy.load")(function* (
      name: string,
      role: Model.Role = "policy",
      options: Model.LoadOptions = {},
    ) {
      const dir = yield* resolveModel(name);
      const checkpoint = yield* openCheckpoint(dir);
      const { report } = yield* StandardStreams;
      for (const note of checkpoint.notes) yield* report(note);
      const { config } = checkpoint;
      // A critic has no vocabulary head.
      const used = role === "critic"
        ? config
        : yield* withKnownTokens(dir, config, options.paddedVocabulary, options.knownTokens);
      return { dir, model: yield* loadModel(encoder, { ...checkpoint, config: used }, role, options) };
    }),
    tokenizer: Effect.fn("Policy.tokenizer")(function* (name: string) {
      return yield* openTokenizer(yield* resolveModel(name));
    }),
  };
};

/** The service on the best device of this machine, with the given kernels. */
export const layerWith = ({ kernels }: Pick<DeviceOptions, "kernels">): Layer.Layer<Policy, DeviceError> =>
  Layer.effect(Policy, Effect.flatMap(openWith({ ...environment(), kernels }), announced));

/** The service on an embedded device with this number of threads, without messages. */
export const layerWithThreads = (threads: number): Layer.Layer<Policy, DeviceError> =>
  Layer.effect(
    Policy,
    Effect.map(openDevice({ ...environment(), adapter: "wasm", threads: String(threads) }), policyOn),
  );
