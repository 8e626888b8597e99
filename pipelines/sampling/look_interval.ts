/**
 * How many steps of decoding run between two looks at which sequences have ended. A look waits for the device, and frees the places of those
 * that ended; a sequence that ended keeps its place in the steps until then. No bit depends on it.
 */
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";

/** Steps until the next look with `active` sequences of at most `longest` response tokens. */
export type LookInterval = (active: number, longest: number) => number;

/**
 * A device that computes on the host's processors has its memory: a look costs little, and a step with many rows much. On hardware a look
 * stops the queue, and rows of a step cost little; a 32nd of the longest response, 4 to 32 steps, leaves a place idle for a 64th of that time
 * on the average.
 */
export const lookInterval = ({ kind }: Pick<DeviceInfo, "kind">): LookInterval => (active, longest) =>
  kind === "gpu" ? Math.min(32, Math.max(4, Math.ceil(longest / 32))) : active > 64 ? 1 : 4;
