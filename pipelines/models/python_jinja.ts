/**
 * Renders chat templates as Python does, correcting the JavaScript Jinja library: values print in Python's syntax (True, None, ['a']),
 * strings are counted and indexed by code points, white space and comparisons follow Python. Errors in Python are errors here: adding a
 * string and a number, an attribute of undefined, division by zero, reading the clock.
 */
import { Environment, Interpreter } from "@huggingface/jinja";

// The interpreter's values, whose types the library does not export.
type Value = { readonly type: string; readonly value: unknown; readonly builtins: ReadonlyMap<string, Value> };
type Node = { readonly type: string; readonly [key: string]: unknown };
type Scope = { readonly lookupVariable: (name: string) => Value };
type Method<A> = (this: Machine, node: A, scope: Scope) => Value;
interface Machine {
  evaluate: Method<Node>;
  evaluateBlock: Method<ReadonlyArray<Node>>;
  evaluateBinaryExpression: Method<Node>;
  evaluateMemberExpression: Method<Node>;
  evaluateCallExpression: Method<Node>;
  applyFilter: (this: Machine, operand: Value, filter: Node, scope: Scope) => Value;
}

// The error for a template that calls `strftime_now` without a date.
const noClock =
  "strftime_now asks for the date of today, on which no prompt may depend; --date YYYY-MM-DD gives the template one";

/** Patches the library's interpreter, once per process. */
export const mendInterpreter = (): void => {
  const machine = Interpreter.prototype as unknown as Machine;
  if (mended.has(machine)) return;
  mended.add(machine);
  const library = { ...methodsOf(machine) };
  const known =
    (Environment as unknown as { readonly TESTS: Map<string, (...values: ReadonlyArray<Value>) => boolean> }).TESTS;
  for (const [name, test] of Object.entries(tests)) known.set(name, test);
  machine.evaluate = function (node, scope) {
    return node?.type === "Done" ? node.value as Value : library.evaluate.call(this, node, scope);
  };
  machine.evaluateBlock = function (nodes, scope) {
    let out = "";
    for (const node of nodes) {
      const value = this.evaluate(node, scope);
      out += silent.includes(node.type) ? quiet(value) : textOf(value);
    }
    return text(this, out, scope);
  };
  machine.evaluateBinaryExpression = function (node, scope) {
    const op = (node.operator as Node).value;
    if (op === "and" || op === "or") return library.evaluateBinaryExpression.call(this, node, scope);
    const [left, right] = [node.left, node.right].map((side) => this.evaluate(side as Node, scope));
    switch (op) {
      case "==":
        return flag(this, equals(left, right), scope);
      case "!=":
        return flag(this, !equals(left, right), scope);
      case "~":
        return text(this, textOf(left) + textOf(right), scope);
    }
    if (Array.isArray(right.value) && (op === "in" || op === "not in")) {
      return flag(this, right.value.some((one: Value) => equals(one, left)) === (op === "in"), scope);
    }
    if (op === "+" && (left.type === "StringValue") !== (right.type === "StringValue")) {
      throw new Error(`Cannot add ${left.type} and ${right.type}`);
    }
    if ((op === "/" || op === "//" || op === "%") && right.value === 0) throw new Error("division by zero");
    const result = library.evaluateBinaryExpression.call(
      this,
      { ...node, left: done(left), right: done(right) },
      scope,
    );
    // Python's remainder has the sign of the divisor.
    if (op !== "%" || result.value === 0 || Number(result.value) < 0 === Number(right.value) < 0) return result;
    return make(result, Number(result.value) + Number(right.value));
  };
  machine.evaluateMemberExpression = function (node, scope) {
    const object = this.evaluate(node.object as Node, scope);
    const property = node.property as Node;
    if (object.type === "UndefinedValue") throw new Error(`Cannot read a part of what is undefined`);
    const from = { ...node, object: done(object) };
    if (node.computed !== true) {
      const name = String(property.value);
      const isSequence = object.type === "StringValue" || Array.isArray(object.value);
      if (unlike.includes(name) && object.type === "StringValue") {
        throw new Error(`the method "${name}" of a text is not what Python's is`);
      }
      if (name === "length" && isSequence) throw new Error('a text or list has no attribute "length"');
      if (object.type === "StringValue" && Object.hasOwn(strips, name)) {
        return stripper(this, object, strips[name], scope);
      }
    } else if (object.type === "StringValue" && property.type !== "SliceExpression") {
      const index = this.evaluate(property, scope);
      const character = index.type === "IntegerValue" ? [...String(object.value)].at(Number(index.value)) : undefined;
      if (character !== undefined) return text(this, character, scope);
      return index.type === "IntegerValue"
        ? scope.lookupVariable(nobody)
        : library.evaluateMemberExpression.call(this, { ...from, property: done(index) }, scope);
    }
    return library.evaluateMemberExpression.call(this, from, scope);
  };
  machine.evaluateCallExpression = function (node, scope) {
    const callee = node.callee as Node;
    const isClock = callee.type === "Identifier" && callee.value === "strftime_now";
    if (isClock && scope.lookupVariable("strftime_now").type === "UndefinedValue") throw new Error(noClock);
    const result = library.evaluateCallExpression.call(this, node, scope);
    if (callee.type === "Identifier" && callee.value === "range") ranges.add(result);
    const isItems = callee.type === "MemberExpression" && (callee.property as Node).value === "items";
    return isItems ? paired(result) : result;
  };
  machine.applyFilter = function (operand, filter, scope) {
    const name = filter.type === "Identifier" ? filter.value : (filter.callee as Node).value;
    const written = operand.type === "StringValue" ? String(operand.value) : undefined;
    if (unlike.includes(String(name))) throw new Error(`the filter "${name}" is not what Python's is`);
    if (name === "tojson" && hasWholeFloat(operand)) throw new Error("Cannot write a float without a fraction as JSON");
    if (name === "string") return text(this, textOf(operand), scope);
    if ((name === "length" || name === "count") && written !== undefined) {
      return this.evaluate({ type: "IntegerLiteral", value: [...written].length }, scope);
    }
    if (name === "trim" && written !== undefined && filter.type === "Identifier") {
      return text(this, strip(written, true, true, isSpace), scope);
    }
    if (name === "join" && Array.isArray(operand.value)) {
      const items = operand.value.map((one: Value) => text(this, textOf(one), scope));
      return library.applyFilter.call(this, make(operand, items), filter, scope);
    }
    const result = library.applyFilter.call(this, operand, filter, scope);
    return name === "dictsort" || name === "items" ? paired(result) : result;
  };
};

/** Dictionary methods return pairs, which Python prints as tuples. */
const paired = (list: Value): Value => {
  if (Array.isArray(list.value)) { for (const pair of list.value) pairs.add(pair); }
  return list;
};

const pairs = new WeakSet<object>();

const mended = new WeakSet<object>();

/** Filters and methods of strings in which the library differs from Python. */
const unlike = ["title", "capitalize"];

/** Results of `range`, which Python prints in its own form. */
const ranges = new WeakSet<object>();

/** Whether a value contains a float without a fraction, which Python prints with `.0`. */
const hasWholeFloat = ({ type, value }: Value): boolean =>
  type === "FloatValue"
    ? Number.isInteger(value)
    : Array.isArray(value)
    ? value.some(hasWholeFloat)
    : value instanceof Map && [...value.values()].some(hasWholeFloat);

const methodsOf = (machine: Machine): Machine => ({
  evaluate: machine.evaluate,
  evaluateBlock: machine.evaluateBlock,
  evaluateBinaryExpression: machine.evaluateBinaryExpression,
  evaluateMemberExpression: machine.evaluateMemberExpression,
  evaluateCallExpression: machine.evaluateCallExpression,
  applyFilter: machine.applyFilter,
});

/** Statement nodes, which evaluate to their text or nothing. */
const silent = "Program Set If For Macro CallStatement FilterStatement Break Continue Comment".split(" ");

const quiet = (value: Value): string =>
  value.type === "NullValue" || value.type === "UndefinedValue" ? "" : String(value.value);

// A name that no template uses.
const nobody = "\u0000";

/** A node that has already been evaluated. */
const done = (value: Value): Node => ({ type: "Done", value });

const text = (machine: Machine, value: string, scope: Scope): Value =>
  machine.evaluate({ type: "StringLiteral", value }, scope);

const flag = (machine: Machine, value: boolean, scope: Scope): Value =>
  // The library's own value for the truth of a string.
  (text(machine, value ? "1" : "", scope) as Value & { __bool__: () => Value }).__bool__();

const make = (like: Value, value: unknown): Value => new (like.constructor as new (value: unknown) => Value)(value);

/** Python's `str`. */
const textOf = (value: Value): string => {
  if (value.type === "StringValue") return String(value.value);
  return value.type === "UndefinedValue" ? "" : reprOf(value);
};

const reprOf = (value: Value): string => {
  switch (value.type) {
    case "StringValue":
      return quoted(String(value.value));
    case "BooleanValue":
      return value.value === true ? "True" : "False";
    case "NullValue":
      return "None";
    case "IntegerValue":
      if (!Number.isSafeInteger(value.value)) throw new Error(`Cannot write the number ${value.value} as text`);
      return String(value.value);
    case "FloatValue":
      return floatOf(value);
    case "ArrayValue":
      if (ranges.has(value)) throw new Error("Cannot write a range as text");
      if (pairs.has(value)) return tupleOf(value);
      return `[${(value.value as ReadonlyArray<Value>).map(reprOf).join(", ")}]`;
    case "TupleValue":
      return tupleOf(value);
    case "ObjectValue":
      return `{${
        [...value.value as ReadonlyMap<string, Value>].map(([key, one]) => `${quoted(key)}: ${reprOf(one)}`).join(", ")
      }}`;
    default:
      throw new Error(`Cannot write ${value.type} as text`);
  }
};

const tupleOf = ({ value }: Value): string => {
  const parts = (value as ReadonlyArray<Value>).map(reprOf);
  return `(${parts.join(", ")}${parts.length === 1 ? "," : ""})`;
};

const floatOf = (value: Value): string => {
  const size = Math.abs(Number(value.value));
  // Outside this range Python uses its own exponent notation.
  if (size !== 0 && !(size >= 1e-4 && size < 1e16)) throw new Error(`Cannot write the number ${value.value} as text`);
  return `${value}`;
};

const quoted = (value: string): string => {
  const quote = value.includes("'") && !value.includes('"') ? '"' : "'";
  const escaped = value.replaceAll("\\", "\\\\").replaceAll(quote, `\\${quote}`).replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r").replaceAll("\t", "\\t");
  if (/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(escaped)) throw new Error("Cannot write a text that is not printable");
  return `${quote}${escaped}${quote}`;
};

const numbers = ["IntegerValue", "FloatValue", "BooleanValue"];

/** The type of a value in Python: a pair of a dictionary is a tuple, and a range is no list. */
const kindOf = (value: Value): string => pairs.has(value) ? "TupleValue" : ranges.has(value) ? "range" : value.type;

const equals = (left: Value, right: Value): boolean => {
  if (numbers.includes(left.type) && numbers.includes(right.type)) return Number(left.value) === Number(right.value);
  if (kindOf(left) !== kindOf(right)) return false;
  const [a, b] = [left.value, right.value];
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, i) => equals(one, b[i]));
  if (!(a instanceof Map) || !(b instanceof Map)) return a === b;
  return a.size === b.size && [...a].every(([key, one]) => b.has(key) && equals(one, b.get(key)));
};

/**
 * Tests (`is number`) in which the library differs from Python: True is a number, and a text without letters is neither upper nor lower
 * case.
 */
const tests: Readonly<Record<string, (...values: ReadonlyArray<Value>) => boolean>> = {
  number: ({ type }) => numbers.includes(type),
  iterable: ({ type }) => ["ArrayValue", "TupleValue", "StringValue", "ObjectValue", "UndefinedValue"].includes(type),
  lower: (value) => /\p{Lowercase}/u.test(textOf(value)) && !/[\p{Uppercase}\p{Lt}]/u.test(textOf(value)),
  upper: (value) => /\p{Uppercase}/u.test(textOf(value)) && !/[\p{Lowercase}\p{Lt}]/u.test(textOf(value)),
  equalto: (left, right) => equals(left, right),
  eq: (left, right) => equals(left, right),
};

const strips: Readonly<Record<string, readonly [left: boolean, right: boolean]>> = {
  strip: [true, true],
  lstrip: [true, false],
  rstrip: [false, true],
};

/** `text.strip` and its variants as a template function; an argument gives the characters to remove. */
const stripper = (machine: Machine, object: Value, [left, right]: readonly [boolean, boolean], scope: Scope): Value => {
  const like = object.builtins.get("strip");
  if (like === undefined) throw new Error("Cannot strip a text");
  return make(like, ([given]: ReadonlyArray<Value>) => {
    if (given !== undefined && given.type !== "StringValue" && given.type !== "NullValue") {
      throw new Error(`Cannot strip ${given.type}`);
    }
    const isOff = given?.type === "StringValue" ? (one: string) => [...String(given.value)].includes(one) : isSpace;
    return text(machine, strip(String(object.value), left, right, isOff), scope);
  });
};

const strip = (value: string, left: boolean, right: boolean, isOff: (character: string) => boolean): string => {
  const characters = [...value];
  let [start, end] = [0, characters.length];
  while (left && start < end && isOff(characters[start])) start++;
  while (right && end > start && isOff(characters[end - 1])) end--;
  return characters.slice(start, end).join("");
};

/** Python's `str.isspace`. JavaScript's white space adds U+FEFF and lacks U+0085 and the separators U+001C to U+001F. */
const isSpace = (character: string): boolean => {
  const code = character.charCodeAt(0);
  return (code >= 0x1c && code <= 0x1f) || /\p{White_Space}/u.test(character);
};
