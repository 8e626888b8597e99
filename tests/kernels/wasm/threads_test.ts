/** Nothing of a result depends on the number of threads, nor on whether accesses are checked. */
import * as Effect from "effect/Effect";
import { ops } from "../../../kernels/ops/mod.ts";
import { type Outcome, runCase } from "../run_case.ts";
import { sameOutcome } from "../same_bits.ts";
import { testOnNewWasm } from "./on_wasm.ts";

const first = new Map<string, Outcome>();

for (const [threads, validated] of [["1", false], ["2", false], ["3", false], ["8", false], ["2", true]] as const) {
  const how = validated ? "every access checked" : threads === "1" ? "one thread" : `${threads} threads`;
  testOnNewWasm(`every case of every op, ${how}: the same bits`, (encoder) =>
    Effect.gen(function* () {
      for (const op of ops) {
        for (const one of op.cases) {
          const name = `${op.name} ${one.name}`;
          const outcome = yield* runCase(encoder, one);
          if (!first.has(name)) first.set(name, outcome);
          sameOutcome(outcome, first.get(name) ?? outcome, `${name}, ${how}`);
        }
      }
    }), { threads, validated });
}
