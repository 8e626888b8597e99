/**
 * The service of stages that need a model: it opens the device and loads models, tokenizers and data. Stages import only this interface, so
 * that all other code loads without the device.
 */
import * as Context from "effect/Context";
import type * as Effect from "effect/Effect";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { Failure } from "../settings/command.ts";
import type { LoadOptions, Model, Role } from "./model.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A model on the device and its source directory. */
export interface Loaded {
  readonly dir: string;
  readonly model: Model;
}

/** Loads models by directory or Hub name; each call loads anew, and the caller owns the weights. */
export class Policy extends Context.Service<Policy, {
  readonly encoder: Encoder;
  readonly info: DeviceInfo;
  readonly load: (name: string, role?: Role, options?: LoadOptions) => Effect.Effect<Loaded, Failure>;
  readonly tokenizer: (name: string) => Effect.Effect<Tokenizer, Failure>;
}>()("signum/pipelines/models/Policy") {}
