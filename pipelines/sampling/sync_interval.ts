/**
 * How many decoding steps run between two syncs. At a sync the host reads back which sequences have finished, and their slots go to waiting
 * requests. Until then a finished sequence stays in the batch. The interval changes no byte of a response.
 */
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";

/** Steps until the next sync with `active` sequences of at most `maxResponse` tokens. */
export type SyncInterval = (active: number, maxResponse: number) => number;

/**
 * The default interval of a device. On the embedded CPU device a sync is cheap and a row of a step is expensive. On a GPU a sync stops the
 * queue and a row is cheap: it syncs after a 32nd of the longest response, clamped to 4 to 32 steps. A slot is then idle for a 64th of the
 * time on average.
 */
export const syncInterval = ({ kind }: Pick<DeviceInfo, "kind">): SyncInterval => (active, maxResponse) =>
  kind === "gpu" ? Math.min(32, Math.max(4, Math.ceil(maxResponse / 32))) : active > 64 ? 1 : 4;
