import * as Effect from "effect/Effect";
import { ops } from "../../../kernels/ops/mod.ts";
import { checkCase } from "../check_case.ts";
import { testInFloat32 } from "../run_case.ts";

for (const op of ops) {
  testInFloat32(
    `${op.name} is as exact as float32 allows, and so are its gradients`,
    (encoder) => Effect.forEach(op.cases, (one) => checkCase(encoder, op, one), { discard: true }),
  );

  const derivable = op.cases.filter(({ vjp }) => vjp !== undefined);
  if (derivable.length === 0) continue;
  testInFloat32(
    `${op.name} adds up the gradients of inputs that are read twice`,
    (encoder) => Effect.forEach(derivable, (one) => checkCase(encoder, op, one, 2), { discard: true }),
  );
}
