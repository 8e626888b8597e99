/**
 * The conformance cases of every op on the device at hand, with `plain` or `cooperative` kernels, as NDJSON: a row for an op, and one for each case
 * that is wrong, with its error. Matrix units round to float16; their numbers are those of their self-test.
 */
import * as Cause from "effect/Cause";
import * as Effect from "effect/Effect";
import { environment, openDevice } from "../../kernels/device/device.ts";
import { kernelNames } from "../../kernels/gpu/chosen_kernels.ts";
import { ops } from "../../kernels/ops/mod.ts";
import { checkCase } from "../kernels/check_case.ts";

const kernels = kernelNames.filter((name) => name === Deno.args[0]);

const program = Effect.gen(function* () {
  const { encoder } = yield* openDevice({ ...environment(), kernels });
  let failures = 0;
  for (const op of ops) {
    let wrong = 0;
    for (const one of op.cases) {
      const done = yield* Effect.exit(checkCase(encoder, op, one));
      if (done._tag === "Success") continue;
      wrong++;
      const [problem] = String(Cause.squash(done.cause)).split("\n");
      console.log(JSON.stringify({ op: op.name, case: one.name, problem }));
    }
    failures += wrong;
    console.log(JSON.stringify({ op: op.name, kernels, cases: op.cases.length, wrong }));
  }
  return failures;
});

const failures = await Effect.runPromise(Effect.scoped(program));
Deno.exit(failures === 0 ? 0 : 1);
