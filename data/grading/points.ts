/**
 * The points at which formulas with variables are compared in float64. They are fixed, so that a verdict never changes. They cover both
 * signs, small and large values, and the neighbourhood of the formulas' constants, which has the kinks of a modulus or a floor; they are
 * integers if a floor, a factorial or a divisor occurs. A point at which a formula has no real value is skipped, unless the formulas
 * contain i.
 */
import { Key, uniform } from "../random.ts";
import { complex, type Environment } from "./complex.ts";
import { children, type Expression } from "./expression.ts";

/** How points are chosen: integer, complex or non-negative, and the size of the relevant numbers. */
export interface Realm {
  readonly whole: boolean;
  readonly imaginary: boolean;
  readonly kinks: boolean;
  readonly positive: boolean;
  readonly scale: number;
}

/** The maximum number of points of a comparison, and the number that must be compared. */
export const mostPoints = 48, fewestPoints = 4;

const pointKey = Key.fold(Key.make(0), "points of equality");
const wholeNames = /^[jklmnpq](?:_.*)?$/;
const bent = new Set(["abs", "floor", "ceil"]);

/** The points that the formulas of a comparison need. */
export function realmOf(formulas: ReadonlyArray<Expression>, names: ReadonlyArray<string>): Realm {
  let [whole, floor, imaginary, kinks, scale] = [false, false, false, false, 3];
  const visit = (of: Expression) => {
    if (of.kind === "factorial" || of.kind === "binomial" || of.kind === "mod") whole = true;
    if (of.kind === "apply" && of.known && (of.name === "gcd" || of.name === "lcm")) whole = true;
    if (of.kind === "call" && (of.name === "floor" || of.name === "ceil")) floor = true;
    if (of.kind === "root" || (of.kind === "apply" && of.known) || (of.kind === "call" && bent.has(of.name))) {
      kinks = true;
    }
    if (of.kind === "name" && of.name === "i" && !names.includes("i")) imaginary = true;
    if (of.kind === "number") scale = Math.max(scale, Math.min(1000, Number(of.text)));
    children(of).forEach(visit);
  };
  formulas.forEach(visit);
  whole ||= floor && names.every((name) => wholeNames.test(name));
  const positive = formulas.every((of) => {
    const under = radicands(of);
    return under.length > 0 && under.every(isMonomial);
  });
  return { whole, imaginary, kinks: kinks || floor || whole, positive, scale };
}

/** The radicands of even roots. */
function radicands(of: Expression): ReadonlyArray<Expression> {
  const inner = children(of).flatMap(radicands);
  return of.kind === "root" && of.index === null ? [of.of, ...inner] : inner;
}

const products = new Set(["number", "name", "multiply", "divide", "power", "pi", "root"]);

/** If both sides have roots of products, as in `\sqrt{x^2y}` and `x\sqrt y`, letters are taken as non-negative. */
const isMonomial = (of: Expression): boolean => products.has(of.kind) && children(of).every(isMonomial);

/** The number of points after which a comparison may stop. */
export const enough = ({ kinks }: Realm): number => kinks ? mostPoints : 8;

/** The t-th point of comparison. */
export function point(t: number, names: ReadonlyArray<string>, realm: Realm): Environment {
  const key = Key.fold(pointKey, t);
  const values = names.map((name, i) => {
    const [u, v] = [uniform(key, 2 * i), uniform(key, 2 * i + 1)];
    if (realm.whole) return [name, complex(wholeAt(t, i, u, realm.scale))] as const;
    const size = sizeAt(t + (t % 2 === 0 ? 0 : i), u, realm);
    if (realm.imaginary && t % 3 === 2) return [name, complex(4 * u - 2, 2 * v - 1)] as const;
    // Floor and ceiling only differ at integers.
    if (realm.kinks && t % 6 === 5) {
      return [name, complex(Math.round(v < 0.5 && !realm.positive ? -size : size))] as const;
    }
    return [name, complex(realm.positive || t % 4 < 2 || (names.length > 1 && v < 0.35) ? size : -size)] as const;
  });
  return { values: new Map(values), real: !realm.imaginary, draw: t };
}

/** For one variable 0, 1, 2, …, some negative and some large integers; for several, any integers. */
function wholeAt(t: number, i: number, u: number, scale: number): number {
  if (i === 0 && t < 30) return t;
  if (t % 5 === 4) return Math.floor(u * 3 * scale) - scale;
  return Math.floor(u * 14) - (t % 3 === 2 ? 4 : 0);
}

function sizeAt(t: number, u: number, { kinks, scale }: Realm): number {
  if (t >= 40 || (kinks && t % 4 === 3)) return 0.3 + u * 2 * scale;
  if (kinks && t % 4 === 1) {
    return t % 8 === 1 && scale > 3 ? scale + (u - 0.5) * Math.min(4, scale) : 0.3 + u * 3 * scale;
  }
  return t % 3 === 0 ? 0.02 + 0.95 * u : 0.4 + (t % 3 === 1 ? 1.7 : 3) * u;
}
