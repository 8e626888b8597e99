import assert from "node:assert/strict";
import { BufferPool } from "../../../kernels/gpu/buffer_pool.ts";

Deno.test("buffers of two pools have different names, since an encoder may be given those of both", () => {
  const device = { createBuffer: () => ({ destroy: () => {} }) } as unknown as GPUDevice;
  const pools = [new BufferPool(device, 0), new BufferPool(device, 0)];
  const ids = pools.flatMap((pool) => [pool.take(4, "a").id, pool.take(4, "b").id]);
  assert.equal(new Set(ids).size, 4);
  // What is given back keeps its name.
  const storage = pools[0].take(1024, "a");
  pools[0].give(storage);
  assert.equal(pools[0].take(1000, "b").id, storage.id);
});
