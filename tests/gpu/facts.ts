/** The facts about the device at hand as NDJSON, a row each: names, driver, subgroups, matrix units, features and every limit. */
import * as Effect from "effect/Effect";
import { environment, openDevice } from "../../kernels/device/device.ts";
import { factsOf } from "../../pipelines/bench/device_facts.ts";

const program = Effect.gen(function* () {
  const { info, adapter } = yield* openDevice({ ...environment(), kernels: [] });
  for (const fact of factsOf(info, adapter)) console.log(JSON.stringify(fact));
});

await Effect.runPromise(Effect.scoped(program));
Deno.exit(0);
