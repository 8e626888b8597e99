/**
 * Sums, products, integrals and limits as comparable values. A short sum or product of numbers is evaluated. Any other becomes a mixture of
 * its body, at two fixed values of the index, and its bounds: equal for equal formulas and different for different ones, but not its true
 * value.
 */
import * as C from "./complex.ts";
import { type Complex, complex, type Environment } from "./complex.ts";
import { children, type Expression, type Quantified } from "./expression.ts";

/** Bounds of an evaluated sum or product: its terms, and the nodes of each term. */
const mostTerms = 100, mostParts = 40;

type Evaluate = (of: Expression, environment: Environment) => Complex;

/** The value of a quantified formula under an environment. */
export function quantified(of: Quantified, environment: Environment, evaluate: Evaluate): Complex {
  const end = (part: Expression | null, missing: number) =>
    part === null ? complex(missing) : evaluate(part, environment);
  const [low, high] = [end(of.lower, 0.271), end(of.upper, 0.577)];
  const at = (index: Complex) =>
    evaluate(
      of.of,
      of.index === null ? environment : {
        ...environment,
        values: new Map(environment.values).set(of.index, index),
      },
    );
  if (
    of.index !== null && (of.name === "sum" || of.name === "prod") && isShort(low, high) && isPlain(of.of, of.index)
  ) {
    const [start, join] = of.name === "sum" ? [complex(0), C.add] as const : [complex(1), C.multiply] as const;
    let total: Complex = start;
    for (let i = low.re; i <= high.re; i++) total = join(total, at(complex(i)));
    return total;
  }
  const [x, y] = depthOf(of) > 2 ? [C.undefinedValue, C.undefinedValue] : [at(complex(2.414)), at(complex(3.303))];
  const mixed = C.multiply(C.multiply(x, C.add(low, complex(1.618))), C.add(C.multiply(high, high), complex(1.113)));
  const rest = C.add(
    C.multiply(y, C.add(high, complex(0.839))),
    C.multiply(complex(0.618 + of.name.length), C.multiply(low, low)),
  );
  return C.add(mixed, rest);
}

const isShort = (low: Complex, high: Complex) =>
  low.im === 0 && high.im === 0 && Number.isInteger(low.re) && Number.isInteger(high.re) &&
  high.re - low.re < mostTerms;

/** Whether a body is small and has no inner sum and no name such as `a_k` whose meaning depends on the index. */
function isPlain(of: Expression, index: string): boolean {
  let parts = 0;
  const plain = (part: Expression): boolean =>
    ++parts <= mostParts && part.kind !== "quantified" &&
    !(part.kind === "name" && part.name.slice(1).includes(index)) && children(part).every(plain);
  return plain(of);
}

/** The nesting depth of quantifiers. */
function depthOf(of: Expression): number {
  const inner = Math.max(0, ...children(of).map(depthOf));
  return of.kind === "quantified" ? inner + 1 : inner;
}
