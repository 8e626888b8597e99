/**
 * Activations and the key-value cache in 16 bits: the inputs of products and attention (norms, projections, rotated queries and keys,
 * attention's result, the gated activation). The residual stream, the last norm, every sum, the logits and all gradients are float32;
 * gradients ignore the rounding. Kernels write four numbers at a time, so some models and devices do not support it.
 */
import { canBroadcast, type DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { StorageType } from "../../kernels/gpu/half_precision.ts";
import { keysOfFamily } from "./families/family.ts";
import { families } from "./families/mod.ts";
import type { ModelConfig } from "./model_config.ts";

/** Why a device cannot store a model's activations in 16 bits, as expected and found; undefined if it can. */
export const activationsFault = (
  { width, ffn, headWidth, family }:
    & Pick<ModelConfig, "width" | "ffn" | "headWidth">
    & Partial<Pick<ModelConfig, "family">>,
  { lanes, serial }: Pick<DeviceInfo, "lanes" | "serial">,
  activations: StorageType,
): { readonly expected: string; readonly found: string } | undefined => {
  if (activations === "f32") return undefined;
  const setting = `--activations ${activations}`;
  const keys = keysOfFamily(families[family ?? ""] ?? {});
  const sizes = [[keys.width, width, 4], [keys.ffn, ffn, 4], [keys.headWidth, headWidth, 8]] as const;
  const odd = sizes.find(([, size, divisor]) => size % divisor !== 0);
  if (odd !== undefined) {
    const [name, size, divisor] = odd;
    return { expected: `"${name}" to be a multiple of ${divisor} (${setting})`, found: `${size}` };
  }
  if (serial === true || canBroadcast({ lanes })) return undefined;
  const found = lanes === 0 ? "none of a fixed size" : `${lanes} lanes`;
  return { expected: `a device with subgroups of 4 to 64 lanes (${setting})`, found };
};
