/** Writes a function's expressions as JavaScript. A value is one expression per slot; memory is read at the point of use. */
import type { FunctionBody, Node, Variable } from "../../wgsl/program.ts";
import type { Type } from "../../wgsl/types.ts";
import { loadAccess, store } from "./accesses.ts";
import { type Address, addressOf, rootOf } from "./addresses.ts";
import { writeBuiltin } from "./builtin_calls.ts";
import { stop } from "./fault.ts";
import { isInlined, type ModuleWriter } from "./module_writer.ts";
import { converted, literal, operated, reinterpreted, turned, zeroOf } from "./operators.ts";
import { holdsArray, type Kind, kindsOf, slotCount } from "./slots.ts";
import { SourceLines } from "./source_lines.ts";
import { writeSteps } from "./statements.ts";
import { slotsOfLane } from "./subgroup.ts";

/** An expression for each slot. */
export type Value = ReadonlyArray<string>;

/** A local variable: one name per slot, or an array of slots. */
type Local = { readonly names: Value } | { readonly array: string };

/** Writes one function and the functions inlined in it. */
export class FunctionWriter {
  readonly lines = new SourceLines();
  /** Results of calls that `exchanges.ts` has already written; each is used once. */
  readonly exchanged = new Map<Node, Value>();
  readonly #locals = new Map<Variable, Local>();
  #labels = 0;

  constructor(readonly module: ModuleWriter) {}

  /** A new loop label. */
  label(): string {
    return `L${this.#labels++}`;
  }

  /** Declares a variable; its initial content is undefined. */
  declare(variable: Variable): void {
    const { type } = variable;
    const isMatrix = kindsOf(type)[0] === "matrix";
    this.#locals.set(
      variable,
      holdsArray(type)
        ? { array: this.lines.array(slotCount(type), isMatrix) }
        : { names: kindsOf(type).map((kind) => this.lines.name(kind)) },
    );
  }

  /** Makes a variable that is never assigned an alias of a value, whose slots are names or numbers. */
  bind(variable: Variable, value: Value): void {
    if (!holdsArray(variable.type)) {
      this.#locals.set(variable, { names: value });
      return;
    }
    this.declare(variable);
    this.set({ op: "variable", variable, type: variable.type, line: 0 }, value);
  }

  /** The array of slots of a variable, if it has one. */
  arrayOf(variable: Variable): string | undefined {
    const local = this.#locals.get(variable);
    return local !== undefined && "array" in local ? local.array : undefined;
  }

  /** The address of a place in memory or in an array; undefined for other places. */
  addressed(node: Node): Address | undefined {
    const root = rootOf(node);
    const isAddressed = root !== undefined &&
      (this.module.memory(root) !== undefined || this.arrayOf(root) !== undefined);
    return isAddressed ? addressOf(this, node) : undefined;
  }

  /** The names of a place without an address. */
  names(node: Node): Value {
    switch (node.op) {
      case "variable": {
        const local = this.#locals.get(node.variable);
        if (local !== undefined && "names" in local) return local.names;
        return stop(`line ${node.line}: "${node.variable.name}" has no value here`);
      }
      case "field":
        return fieldOf(node, this.names(node.of));
      case "swizzle": {
        const whole = this.names(node.of);
        return node.lanes.map((lane) => whole[lane]);
      }
      default:
        return stop(`line ${node.line}: this cannot be assigned to`);
    }
  }

  set(to: Node, value: Value): void {
    const address = this.addressed(to);
    if (address !== undefined) return store(this, address, to.type, value, to.line);
    const names = this.names(to);
    const kinds = kindsOf(to.type);
    const own = new RegExp(`\\b(${names.join("|")})\\b`);
    // All values are computed before any slot is overwritten.
    const values = names.length === 1
      ? value
      : value.map((one, i) => own.test(one) ? this.lines.kept(one, kinds[i]) : one);
    names.forEach((name, i) => this.lines.add(`${name} = ${values[i]};`));
  }

  value(node: Node): Value {
    const { type, line } = node;
    switch (node.op) {
      case "constant": {
        const values = typeof node.value === "object"
          ? node.value
          : kindsOf(type).map(() => node.value as number | boolean);
        return kindsOf(type).map((kind, i) => literal(values[i], kind));
      }
      case "zero":
        return zeros(this.module, type, line);
      case "variable":
      case "field":
      case "index":
      case "swizzle":
        return this.#part(node);
      case "unary":
        return this.value(node.of).map((one, i) => turned(node.operator, one, kindsOf(type)[i]));
      case "binary":
        return node.operator === "&&" || node.operator === "||"
          ? [this.#either(node.operator, node.left, node.right)]
          : this.operated(node.operator, this.value(node.left), node.left.type, this.value(node.right));
      case "construct": {
        const slots = node.args.flatMap((arg) => this.value(arg));
        if (type.kind !== "vector" || slots.length === type.size) return slots;
        const one = this.lines.atom(slots[0], kindsOf(type)[0]);
        return kindsOf(type).map(() => one);
      }
      case "convert": {
        const from = kindsOf(node.of.type)[0];
        return this.value(node.of).map((one, i) => converted(one, from, kindsOf(type)[i]));
      }
      case "bitcast": {
        const from = kindsOf(node.of.type)[0];
        return this.value(node.of).map((one, i) => reinterpreted(one, from, kindsOf(type)[i]));
      }
      case "builtin":
        return this.#exchanged(node) ?? writeBuiltin(this, node);
      case "call":
        return this.#call(node.callee, node.args.map((arg) => this.kept(arg)));
      case "pointer":
        return stop(`line ${line}: a pointer is not understood here`);
    }
  }

  /** The value of an expression, as names and numbers. */
  kept(node: Node): Value {
    const kinds = kindsOf(node.type);
    return this.value(node).map((one, i) => this.lines.atom(one, kinds[i]));
  }

  /** left operator right, element by element; a scalar applies to every element of a vector. */
  operated(operator: string, left: Value, type: Type, right: Value): Value {
    const kind = kindsOf(type)[0];
    const count = Math.max(left.length, right.length);
    const wide = (value: Value): Value => {
      if (value.length === count) return value;
      const one = this.lines.atom(value[0], kind);
      return Array.from({ length: count }, () => one);
    };
    const [a, b] = [wide(left), wide(right)];
    return a.map((one, i) => operated(operator, one, b[i], kind));
  }

  #exchanged(node: Node): Value | undefined {
    const value = this.exchanged.get(node);
    this.exchanged.delete(node);
    return value;
  }

  #part(node: Node): Value {
    if (node.op === "swizzle") {
      const address = this.addressed(node.of);
      if (address !== undefined) return loadAccess(this, address, node.of.type, node.line, node.lanes);
      const whole = this.value(node.of);
      const kind = kindsOf(node.type)[0];
      const used = new Map([...new Set(node.lanes)].map((lane) => {
        const isOften = node.lanes.filter((one) => one === lane).length > 1;
        return [lane, isOften ? this.lines.atom(whole[lane], kind) : whole[lane]];
      }));
      return node.lanes.map((lane) => used.get(lane)!);
    }
    const address = this.addressed(node);
    if (address !== undefined) return loadAccess(this, address, node.type, node.line);
    if (node.op === "field") return fieldOf(node, this.value(node.of));
    if (node.op === "index") return this.#element(node.of, node.index, node.line);
    return this.names(node);
  }

  /** An element of an array value. */
  #element(of: Node, index: Node, line: number): Value {
    const whole = this.value(of);
    const kinds = kindsOf(of.type);
    const size = of.type.kind === "array" ? of.type.size ?? 0 : 0;
    const [at] = this.kept(index);
    this.lines.add(`if (${at} >>> 0 >= ${size}) outside(${line}, "this array", ${at}, ${size}, lane);`);
    const width = whole.length / size;
    return Array.from({ length: width }, (_, slot) => {
      const choices = Array.from({ length: size }, (_, i) => whole[i * width + slot]);
      return this.lines.kept(`[${choices.join(", ")}][${at}]`, kinds[slot]);
    });
  }

  #either(operator: "&&" | "||", left: Node, right: Node): string {
    const [first] = this.value(left);
    const { lines, made: [second] } = this.lines.apart(() => this.value(right));
    if (lines.length === 0) return `(${first} ${operator} ${second})`;
    const name = this.lines.kept(first, "bool");
    this.lines.add(`if (${operator === "&&" ? "" : "!"}${name}) {`);
    for (const line of lines) this.lines.add(line);
    this.lines.add(`${name} = ${second};\n}`);
    return name;
  }

  #call(callee: FunctionBody, args: ReadonlyArray<Value>): Value {
    const { lines, module } = this;
    const kinds = kindsOf(callee.result);
    if (!isInlined(callee)) {
      const name = module.called(callee, () => writeFunction(module, callee));
      const result = `${module.isWaiting(callee) ? "yield* " : ""}${name}(${["lane", "G", ...args.flat()].join(", ")})`;
      if (kinds.length === 1) return [lines.kept(result, kinds[0])];
      lines.add(`${result};`);
      return kinds.map((kind, i) => lines.kept(kind === "bool" ? `returned[${i}] !== 0` : `returned[${i}]`, kind));
    }
    const names = kinds.map((kind) => lines.name(kind));
    lines.scoped(() => {
      callee.parameters.forEach((parameter, i) => this.bind(parameter, args[i]));
      const last = callee.body.at(-1);
      writeSteps(this, last?.op === "return" ? callee.body.slice(0, -1) : callee.body, []);
      if (last?.op !== "return" || last.value === undefined) return;
      const value = this.value(last.value);
      names.forEach((name, i) => lines.add(`${name} = ${value[i]};`));
    });
    return names;
  }
}

/** Writes a function that is called; a generator if it waits for other invocations. */
const writeFunction = (module: ModuleWriter, callee: FunctionBody): string => {
  const writer = new FunctionWriter(module);
  const parameters = callee.parameters.map((parameter, p) => kindsOf(parameter.type).map((_, i) => `p${p}_${i}`));
  callee.parameters.forEach((parameter, p) => writer.bind(parameter, parameters[p]));
  const isWaiting = module.isWaiting(callee);
  if (isWaiting) writer.lines.add(`const local = lane - G.first, at = local * ${slotsOfLane};`);
  writeSteps(writer, callee.body, []);
  const head = `function${isWaiting ? "*" : ""} call_${callee.name}(${["lane", "G", ...parameters.flat()].join(", ")})`;
  return `${head} {\n${writer.lines.text()}\n}`;
};

const fieldOf = (node: Node & { readonly op: "field" }, whole: Value): Value => {
  const { type } = node.of;
  if (type.kind !== "struct") return whole;
  const first = type.fields.slice(0, node.field).reduce((sum, field) => sum + slotCount(field.type), 0);
  return whole.slice(first, first + slotCount(node.type));
};

const zeros = (module: ModuleWriter, type: Type, line: number): Value => {
  const element = matrixIn(type);
  if (element !== undefined) module.sizes(element, line);
  return kindsOf(type).map((kind: Kind) =>
    kind === "matrix" && element?.kind === "matrix" ? module.zero(element) : zeroOf(kind)
  );
};

const matrixIn = (type: Type): Type | undefined =>
  type.kind === "matrix" ? type : type.kind === "array" ? matrixIn(type.of) : undefined;
