/**
 * Equality of formulas: exact if possible, as fractions, else in a finite field (`field.ts`). The rest, such as logarithms, moduli and
 * floors, is evaluated in complex float64. Without variables, values must agree to a relative 1e-12, and to 45 digits if available; with
 * variables, at fixed points (`points.ts`), at least four of which must be defined. With fewer the formula is not understood.
 */
import * as Elementary from "../elementary/mod.ts";
import * as C from "./complex.ts";
import { type Complex, complex, type Environment, noVariables } from "./complex.ts";
import { children, contains, type Expression } from "./expression.ts";
import { residue, sameResidue, sameWithAtoms } from "./field.ts";
import { applied, binomial, factorial, remainder } from "./functions.ts";
import { exact, toNumber } from "./numeric.ts";
import { enough, fewestPoints, mostPoints, point, realmOf } from "./points.ts";
import { sameDigits } from "./precise.ts";
import { quantified } from "./quantified.ts";

const closeness = 1e-12, pointCloseness = 1e-11;

/** The variables of a formula, including unknown functions; `i` and `e` are numbers. */
export function variables(of: Expression, into: Set<string> = new Set()): Set<string> {
  if (of.kind === "name" && of.name !== "i" && of.name !== "e") into.add(of.name);
  if (of.kind === "apply" && !of.known) into.add(`${of.name}()`);
  if (of.kind === "quantified" && of.index !== null && !into.has(of.index)) {
    const inner = variables(of.of);
    inner.delete(of.index);
    for (const name of inner) into.add(name);
    for (const end of [of.lower, of.upper]) if (end !== null) variables(end, into);
    return into;
  }
  for (const child of children(of)) variables(child, into);
  return into;
}

/** Whether two values agree to a relative tolerance. */
export function close(a: Complex, b: Complex, tolerance = closeness): boolean {
  return C.modulus(C.subtract(a, b)) <= tolerance * Math.max(C.modulus(a), C.modulus(b));
}

/** The value of a formula; parts are NaN if it is undefined. In an angle, degrees are converted to radians. */
export function evaluate(of: Expression, environment: Environment, inAngle = false): Complex {
  const value = (part: Expression) => evaluate(part, environment, inAngle);
  switch (of.kind) {
    case "number":
      return complex(Number(of.text));
    case "repeating":
    case "based":
      return rational(of);
    case "binomial":
      return binomial(value(of.left), value(of.right));
    case "factorial":
      return factorial(value(of.of));
    case "mod":
      return remainder(value(of.left), value(of.right));
    case "apply":
      return applied(of, of.args.map(value), environment.draw);
    case "pi":
      return complex(Math.PI);
    case "infinity":
      return complex(Infinity);
    case "name":
      if (of.name === "i") return environment.values.get("i") ?? complex(0, 1);
      return environment.values.get(of.name) ?? (of.name === "e" ? complex(Math.E) : C.undefinedValue);
    case "negate":
      return C.subtract(complex(0), value(of.of));
    case "percent":
      return C.divide(value(of.of), complex(100));
    case "degrees":
      return inAngle ? C.multiply(value(of.of), complex(Math.PI / 180)) : value(of.of);
    case "add":
      return C.add(value(of.left), value(of.right));
    case "subtract":
      return C.subtract(value(of.left), value(of.right));
    case "multiply":
      return C.multiply(value(of.left), value(of.right));
    case "divide":
      return C.divide(value(of.left), value(of.right));
    case "power":
      return power(value(of.left), value(of.right), environment.real);
    case "plusMinus":
      return C.undefinedValue;
    case "root":
      return root(value(of.of), of.index === null ? null : value(of.index), environment.real);
    case "quantified":
      return quantified(of, environment, evaluate);
    case "call":
      return call(
        of.name,
        evaluate(of.of, environment, angles.has(of.name)),
        of.base === null ? null : value(of.base),
        environment.real,
      );
  }
}

function rational(of: Expression): Complex {
  const value = exact(of);
  return value === null ? C.undefinedValue : complex(toNumber(value));
}

/** A power. Over real variables, a negative number has no non-integer powers. */
function power(of: Complex, by: Complex, real: boolean): Complex {
  const broken = of.im === 0 && of.re < 0 && by.im === 0 && !Number.isInteger(by.re);
  return real && broken ? C.undefinedValue : C.power(of, by);
}

/** A root. An odd root of a negative real number is real, as in school. */
function root(of: Complex, index: Complex | null, real: boolean): Complex {
  const odd = index !== null && index.im === 0 && Math.abs(index.re % 2) === 1;
  if (of.im === 0 && of.re < 0 && odd) return complex(-Elementary.pow(-of.re, 1 / index.re));
  if (real && of.im === 0 && of.re < 0) return C.undefinedValue;
  return index === null ? C.squareRoot(of) : C.power(of, C.divide(complex(1), index));
}

const angles = new Set(["sin", "cos", "tan", "tg", "cot", "ctg", "sec", "csc", "cis"]);

const real = (rule: (x: number) => number) => (z: Complex) => z.im === 0 ? complex(rule(z.re)) : C.undefinedValue;

const calls: Readonly<Record<string, (z: Complex) => Complex>> = {
  sin: C.sin,
  cos: C.cos,
  tan: (z) => C.divide(C.sin(z), C.cos(z)),
  tg: (z) => C.divide(C.sin(z), C.cos(z)),
  ctg: (z) => C.divide(C.cos(z), C.sin(z)),
  cot: (z) => C.divide(C.cos(z), C.sin(z)),
  sec: (z) => C.divide(complex(1), C.cos(z)),
  csc: (z) => C.divide(complex(1), C.sin(z)),
  cis: C.cis,
  exp: C.exp,
  ln: C.log,
  lg: (z) => C.divide(C.log(z), complex(Math.LN10)),
  abs: (z) => complex(C.modulus(z)),
  floor: real(Math.floor),
  ceil: real(Math.ceil),
  sinh: C.sinh,
  cosh: C.cosh,
  tanh: (z) => C.divide(C.sinh(z), C.cosh(z)),
  arcsin: real(Elementary.asin),
  asin: real(Elementary.asin),
  arccos: real(Elementary.acos),
  acos: real(Elementary.acos),
  arctan: real(Elementary.atan),
  arctg: real(Elementary.atan),
  arccot: real((x) => Math.PI / 2 - Elementary.atan(x)),
  atan: real(Elementary.atan),
};

const logarithms = new Set(["ln", "log", "lg"]);

/** The value of a function; `\log` without a base is decimal. */
function call(name: string, of: Complex, base: Complex | null, real: boolean): Complex {
  if (real && of.im === 0 && of.re < 0 && logarithms.has(name)) return C.undefinedValue;
  if (name === "log") return C.divide(C.log(of), base === null ? complex(Math.LN10) : C.log(base));
  return base === null && Object.hasOwn(calls, name) ? calls[name](of) : C.undefinedValue;
}

/** Whether two formulas without ± are equal; null if it cannot be decided. */
export function equal(a: Expression, b: Expression): boolean | null {
  const [exactA, exactB] = [exact(a), exact(b)];
  if (exactA !== null && exactB !== null) return exactA.n === exactB.n && exactA.d === exactB.d;
  const x = residue(a);
  const y = x === null ? null : residue(b);
  if (x !== null && y !== null) return sameResidue(x, y);
  const withAtoms = sameWithAtoms(a, b);
  if (withAtoms !== null) return withAtoms;
  const names = [...variables(b, variables(a))].sort();
  return names.length > 0 ? agree(a, b, names) : agreeAsConstants(a, b);
}

function agreeAsConstants(a: Expression, b: Expression): boolean | null {
  const [x, y] = [evaluate(a, noVariables), evaluate(b, noVariables)];
  if (Math.abs(x.re) === Infinity || Math.abs(y.re) === Infinity) {
    return contains(a, "infinity") && contains(b, "infinity") ? x.re === y.re : null;
  }
  if (!C.isFiniteComplex(x) || !C.isFiniteComplex(y)) return null;
  return close(x, y) && sameDigits(a, b) !== false;
}

function agree(a: Expression, b: Expression, names: ReadonlyArray<string>): boolean | null {
  const realm = realmOf([a, b], names);
  const wanted = enough(realm);
  let compared = 0;
  for (let t = 0; t < mostPoints && compared < wanted; t++) {
    const environment = point(t, names, realm);
    const [x, y] = [evaluate(a, environment), evaluate(b, environment)];
    if (!C.isFiniteComplex(x) || !C.isFiniteComplex(y)) continue;
    if (!close(x, y, pointCloseness)) return false;
    compared++;
  }
  return compared >= fewestPoints ? true : null;
}

/** The two formulas that ± stands for, upper signs first, or null if there is none. */
export function plusMinusValues(of: Expression): readonly [Expression, Expression] | null {
  return contains(of, "plusMinus") ? [choose(of, "add"), choose(of, "subtract")] : null;
}

function choose(of: Expression, sign: "add" | "subtract"): Expression {
  switch (of.kind) {
    case "plusMinus":
      return { kind: sign, left: choose(of.left, sign), right: choose(of.right, sign) };
    case "negate":
    case "factorial":
    case "percent":
    case "degrees":
      return { ...of, of: choose(of.of, sign) };
    case "root":
      return { ...of, of: choose(of.of, sign), index: of.index === null ? null : choose(of.index, sign) };
    case "call":
    case "quantified":
      return { ...of, of: choose(of.of, sign) };
    case "apply":
      return { ...of, args: of.args.map((argument) => choose(argument, sign)) };
    case "number":
    case "repeating":
    case "based":
    case "name":
    case "pi":
    case "infinity":
      return of;
    default:
      return { ...of, left: choose(of.left, sign), right: choose(of.right, sign) };
  }
}
