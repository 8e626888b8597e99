/**
 * Exact comparison of formulas that have no rational value: numbers, variables, roots of fractions, pi, e and i, joined by sums, products,
 * quotients and integer powers, are evaluated modulo a prime of 76 bits. Each variable is a fixed residue, as are pi and e; roots are
 * modular roots. Equal formulas have equal residues; different ones collide with a probability of about 2^-70. So `123456789x + 1` differs
 * from `123456789x`, and `2^{60}\sqrt3 + 7` from `2^{60}\sqrt3`, without a tolerance.
 */
import { children, contains, type Expression } from "./expression.ts";
import { exact, type Fraction } from "./numeric.ts";

/** A quotient of residues. */
export interface Residue {
  readonly n: bigint;
  readonly d: bigint;
}

/** One more than a multiple of 8, 3, 5, … 47, so that each of these primes has a square root; 2, 3, 5 and 7 have twelfth roots. */
const prime = 44894332806350934826921n;
const imaginaryUnit = 14044165292041276316461n;
const twelfthRoots: ReadonlyMap<bigint, bigint> = new Map([
  [2n, 30349802399931529258120n],
  [3n, 41346163861097097820730n],
  [5n, 7672483120427230355379n],
  [7n, 8361573913362501138520n],
]);
const noSquare = 67n;

const longestExponent = 64;

const times = (a: bigint, b: bigint) => a * b % prime;
const whole = (a: bigint) => (a % prime + prime) % prime;

function raised(base: bigint, exponent: bigint): bigint {
  let product = 1n;
  for (let left = exponent, square = base; left > 0n; left >>= 1n, square = times(square, square)) {
    if ((left & 1n) === 1n) product = times(product, square);
  }
  return product;
}

/** The residue of a name; no simple arithmetic relates two of them. */
function nameResidue(name: string, salt: number): bigint {
  let mixed = 0x5eed1n + BigInt(salt);
  for (const sign of name) mixed = times(mixed + BigInt(sign.codePointAt(0) ?? 0), 6364136223846793005n) + 1n;
  for (let round = 0; round < 3; round++) mixed = (times(mixed, mixed) + 1442695040888963407n) % prime;
  return mixed;
}

const of = (value: Fraction): Residue => ({ n: whole(value.n), d: whole(value.d) });
const known = (n: bigint): Residue => ({ n, d: 1n });

/**
 * The residue of a formula, or null if a part is not supported. `salt` selects other values for the variables. With `atoms`, functions such
 * as a sine or a power of e count as variables, and their names are collected.
 */
export function residue(formula: Expression, salt = 0, atoms?: Set<string>): Residue | null {
  const found = read(formula, { salt, atoms });
  return found === null || found.d === 0n ? null : found;
}

interface Reading {
  readonly salt: number;
  readonly atoms: Set<string> | undefined;
}

function read(formula: Expression, reading: Reading): Residue | null {
  switch (formula.kind) {
    case "number":
    case "repeating":
    case "based":
    case "factorial":
    case "binomial": {
      const value = exact(formula);
      return value === null ? null : of(value);
    }
    case "name":
      return known(
        formula.name === "i" ? imaginaryUnit : nameResidue(formula.name, formula.name === "e" ? 0 : reading.salt),
      );
    case "pi":
      return known(nameResidue("the circle number", 0));
    case "negate":
      return mapped(read(formula.of, reading), (a) => ({ n: whole(-a.n), d: a.d }));
    case "percent":
      return mapped(read(formula.of, reading), (a) => ({ n: a.n, d: times(a.d, 100n) }));
    case "degrees":
      return read(formula.of, reading);
    case "add":
      return joined(formula, reading, (a, b) => ({ n: (a.n * b.d + b.n * a.d) % prime, d: times(a.d, b.d) }));
    case "subtract":
      return joined(formula, reading, (a, b) => ({ n: whole(a.n * b.d - b.n * a.d), d: times(a.d, b.d) }));
    case "multiply":
      return joined(formula, reading, (a, b) => ({ n: times(a.n, b.n), d: times(a.d, b.d) }));
    case "divide":
      return joined(formula, reading, (a, b) => ({ n: times(a.n, b.d), d: times(a.d, b.n) }));
    case "power":
      return power(formula.left, formula.right, reading);
    case "root":
      return formula.index === null ? rootOf(formula.of, 2n) : rooted(formula.of, exact(formula.index));
    case "apply":
      return formula.known ? null : applied(formula.name, formula.args, reading);
    case "call":
      return called(formula, reading);
    default:
      return null;
  }
}

const mapped = (a: Residue | null, rule: (a: Residue) => Residue) => a === null ? null : rule(a);

function joined(
  { left, right }: { readonly left: Expression; readonly right: Expression },
  reading: Reading,
  rule: (a: Residue, b: Residue) => Residue,
): Residue | null {
  const a = read(left, reading);
  const b = a === null ? null : read(right, reading);
  return a === null || b === null ? null : rule(a, b);
}

function power(base: Expression, exponent: Expression, reading: Reading): Residue | null {
  const by = exact(exponent);
  if (by === null) return exponential(base, exponent, reading);
  if (by.n.toString(2).length > longestExponent) return null;
  const size = by.n < 0n ? -by.n : by.n;
  const a = by.d === 1n ? read(base, reading) : rooted(base, { n: by.d, d: 1n });
  if (a === null || (a.n === 0n && by.n <= 0n)) return null;
  const [n, d] = [raised(a.n, size), raised(a.d, size)];
  return by.n < 0n ? { n: d, d: n } : { n, d };
}

const rooted = (base: Expression, index: Fraction | null): Residue | null =>
  index !== null && index.d === 1n && index.n > 1n && 12n % index.n === 0n ? rootOf(base, index.n) : null;

/** The root of a fraction. A negative one has an imaginary root for index 2 and a negative one for index 3, as in school. */
function rootOf(base: Expression, index: bigint): Residue | null {
  const value = exact(base);
  if (value === null) return null;
  if (value.n < 0n && index > 3n) return null;
  const size = value.n < 0n ? -value.n : value.n;
  const root = wholeRoot(size * value.d ** BigInt(index - 1n), index);
  if (root === null) return null;
  const sign = value.n >= 0n ? 1n : index === 2n ? imaginaryUnit : prime - 1n;
  return { n: times(root, sign), d: whole(value.d) };
}

const largestRadicand = 1n << 53n, largestFactor = 5000;

/** The root of an integer, as the product of the roots of its prime factors. */
function wholeRoot(radicand: bigint, index: bigint): bigint | null {
  if (radicand === 0n) return 0n;
  if (radicand > largestRadicand) return null;
  let left = Number(radicand);
  let product = 1n;
  for (let factor = 2; factor * factor <= left; factor++) {
    if (factor > largestFactor) return null;
    let count = 0n;
    for (; left % factor === 0; left /= factor) count++;
    const root = count === 0n ? 1n : primeRoot(BigInt(factor), count, index);
    if (root === null) return null;
    product = times(product, root);
  }
  const last = left === 1 ? 1n : primeRoot(BigInt(left), 1n, index);
  return last === null ? null : times(product, last);
}

/** The `index`-th root of `factor` to the power `count`. */
function primeRoot(factor: bigint, count: bigint, index: bigint): bigint | null {
  if (count % index === 0n) return raised(whole(factor), count / index);
  const twelfth = twelfthRoots.get(factor);
  if (twelfth !== undefined) return raised(twelfth, count * 12n / index);
  if (2n * count % index !== 0n) return null;
  const root = squareRoot(whole(factor));
  return root === null ? null : raised(root, 2n * count / index);
}

/** A square root modulo the prime (Tonelli and Shanks), the smaller of the two; null if there is none. */
function squareRoot(square: bigint): bigint | null {
  const odd = (prime - 1n) / 8n;
  let generator = raised(noSquare, odd);
  let root = raised(square, (odd + 1n) / 2n);
  let rest = raised(square, odd);
  for (let order = 3; rest !== 1n;) {
    let least = 0;
    for (let power = rest; power !== 1n && least <= order; power = times(power, power)) least++;
    if (least >= order) return null;
    let step = generator;
    for (let turn = order - least - 1; turn > 0; turn--) step = times(step, step);
    root = times(root, step);
    generator = times(step, step);
    rest = times(rest, generator);
    order = least;
  }
  return root < prime - root ? root : prime - root;
}

/** An unknown function: the same residue for the same arguments, another under another salt. */
function applied(name: string, args: ReadonlyArray<Expression>, { salt, atoms }: Reading): Residue | null {
  let mixed = nameResidue(name, salt);
  for (const argument of args) {
    const value = residue(argument, salt, atoms);
    if (value === null) return null;
    mixed = times(mixed + times(value.n, raised(value.d, prime - 2n)), mixed + 1442695040888963407n);
    mixed = (times(mixed, mixed) + 3037000493n) % prime;
  }
  return known(mixed);
}

const transcendental = new Set("sin cos tan cot sec csc ln log lg exp sinh cosh tanh".split(" "));

const hasName = (formula: Expression): boolean =>
  (formula.kind === "name" && formula.name !== "i" && formula.name !== "e") || children(formula).some(hasName);

/** A function of a variable as a variable of its own; null for an angle in degrees. */
function called({ name, of, base }: Extract<Expression, { kind: "call" }>, reading: Reading): Residue | null {
  if (reading.atoms === undefined || base !== null || !transcendental.has(name) || !hasName(of)) return null;
  if (contains(of, "degrees")) return null;
  const found = applied(`${name} of`, [of], reading);
  if (found !== null) reading.atoms.add(`${found.n}`);
  return found;
}

/** A positive number to a power with a variable, as a variable of its own. */
function exponential(base: Expression, exponent: Expression, reading: Reading): Residue | null {
  if (reading.atoms === undefined || !hasName(exponent)) return null;
  const value = exact(base);
  const fits = base.kind === "name" ? base.name === "e" : value !== null && value.n > 0n && value.n !== value.d;
  const found = fits ? applied("power of", [base, exponent], reading) : null;
  if (found !== null) reading.atoms.add(`${found.n}`);
  return found;
}

/**
 * Compares two formulas with functions as variables: true if they are equal; false if they differ and have exactly one such variable, since
 * no polynomial relates it to the others; else null.
 */
export function sameWithAtoms(a: Expression, b: Expression): boolean | null {
  const atoms = new Set<string>();
  const x = residue(a, 0, atoms);
  const y = x === null ? null : residue(b, 0, atoms);
  if (x === null || y === null) return null;
  return sameResidue(x, y) ? true : atoms.size === 1 ? false : null;
}

export const sameResidue = (a: Residue, b: Residue): boolean => times(a.n, b.d) === times(b.n, a.d);

/** The residue of a / b, or null if b is 0. */
export const quotientResidue = (a: Residue, b: Residue): Residue | null =>
  a.n === 0n || b.n === 0n ? null : { n: times(a.n, b.d), d: times(a.d, b.n) };
