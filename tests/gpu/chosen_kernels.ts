/** The self-test of `cooperative` or `matrix` kernels on the device at hand: each check with its error, and what is refused, as NDJSON. */
import * as Effect from "effect/Effect";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { kernelNames } from "../../kernels/gpu/chosen_kernels.ts";
import { environment, openDevice } from "../../kernels/device/device.ts";
import { selfTestFolder } from "../../kernels/device/self_tests.ts";

const kernels = kernelNames.filter((name) => name === Deno.args[0]);
const start = performance.now();
const { info } = await Effect.runPromise(Effect.scoped(openDevice({ ...environment(), kernels })));
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ device: info.description, kernels, matrix: info.matrix, notes: info.notes, seconds }));
const folder = selfTestFolder();
const files = info.kind === "wasm" ? [] : readdirSync(folder).filter((name) => name.startsWith(Deno.args[0]));
for (const file of files) {
  const { checks } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  for (const check of checks) console.log(JSON.stringify({ file, ...check }));
}
Deno.exit(0);
