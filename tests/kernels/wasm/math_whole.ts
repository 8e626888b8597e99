/** exp and log of the embedded device of all 2^32 floats: `deno task test:math`, minutes on a few processors. */
import * as Effect from "effect/Effect";
import { functions, perRun, worstOf } from "./float_functions.ts";
import { testOnWasm } from "./on_wasm.ts";

for (const one of functions.filter(({ name }) => name === "exp" || name === "log")) {
  testOnWasm(
    `${one.name} of every float is off by at most 2 units in the last place`,
    (encoder) =>
      Effect.gen(function* () {
        let worst = 0;
        for (let first = 0; first < 2 ** 32; first += perRun) {
          worst = Math.max(worst, yield* worstOf(encoder, one, first, 1));
        }
        console.log(`${one.name}: at most ${worst.toFixed(4)} units`);
      }),
  );
}
