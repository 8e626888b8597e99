/** Writes the expressions of a checked WGSL function as WebAssembly. Functions are inlined at every call. */
import { atomicAdd, type Code, i32Const, ifValue, shuffle } from "./assembler.ts";
import { hasEffects, touchesMemory } from "./effects.ts";
import type { Frame } from "./frame.ts";
import { asElement, elementOf, fourOf, isFour, laneOf, splat } from "./lanes.ts";
import { numeric } from "./numeric.ts";
import { binary, bitcast, converted, unary } from "./operators.ts";
import { elementPlace, held, type MemoryPlace, partPlace, type Place, readPlace, type Scratch } from "./places.ts";
import {
  apply,
  float,
  isSingle,
  ofCode,
  shapeOf,
  type Single,
  single,
  type Value,
  valueParts,
  whole,
  zeroOf,
} from "./values.ts";
import type { FunctionBody, Node, Variable } from "../wgsl/program.ts";
import { scalarOf, type Type, typeName } from "../wgsl/types.ts";
import { WgslError } from "../wgsl/wgsl_error.ts";

/** The variables' places, and how accesses are checked. */
export interface Surroundings {
  readonly places: Map<Variable, Place>;
  readonly scratch: Scratch;
  readonly scratchAddress: Code;
  /** Whether a workgroup is one invocation, so that barriers do nothing. */
  readonly alone: boolean;
  readonly math: ReadonlyMap<string, FunctionBody>;
  /** Writes the check of an index, if accesses are checked. */
  readonly check?: (frame: Frame, index: Single, length: Single, name: string, line: number) => void;
}

/** Functions of `math.wgsl` that map four numbers to four. */
const fours = new Set(["exp", "log", "ldexp"]);

/** Functions that synchronise the invocations of a workgroup. */
const meetings = new Set(["workgroupBarrier", "storageBarrier", "workgroupUniformLoad"]);

/** Writes expressions; a subclass writes statements. */
export abstract class Expressions {
  constructor(readonly frame: Frame, readonly around: Surroundings) {}

  /** The value of a function whose parameters have been placed. */
  protected abstract body(callee: FunctionBody): Value;

  protected one(node: Node): Single {
    return single(this.value(node));
  }

  /** Values of nodes in order; a value is copied to locals before a later node changes memory. */
  #values(nodes: ReadonlyArray<Node>): ReadonlyArray<Value> {
    return nodes.map((node, i) => {
      const value = this.value(node);
      return nodes.slice(i + 1).some((later) => hasEffects(later)) ? this.frame.copied(value) : value;
    });
  }

  value(node: Node): Value {
    const { frame } = this;
    switch (node.op) {
      case "constant":
        return this.#constant(node.value as number | boolean, node.type);
      case "zero": {
        const shape = shapeOf(node.type);
        if (shape === undefined) {
          throw new WgslError(`a value of ${typeName(node.type)} is not understood here`, node.line);
        }
        return zeroOf(shape);
      }
      case "variable":
      case "index":
      case "field": {
        const place = this.place(node);
        if (place !== undefined) return readPlace(frame, place);
        if (node.op === "field") return valueParts(this.value(node.of))[node.field];
        throw new WgslError("this index is not understood here", node.line);
      }
      case "swizzle":
        return this.#swizzle(node);
      case "unary":
        return unary(node.operator, this.value(node.of), node.type);
      case "binary": {
        if (node.operator === "&&" || node.operator === "||") return this.#short(node.operator, node.left, node.right);
        const [left, right] = this.#values([node.left, node.right]);
        return binary(frame, node.operator, left, right, node.left.type, node.right.type);
      }
      case "construct":
        return this.#construct(node);
      case "convert": {
        const value = converted(this.value(node.of), node.of.type, node.type);
        if (value === undefined) {
          throw new WgslError(`${typeName(node.of.type)} to ${typeName(node.type)} is not understood here`, node.line);
        }
        return value;
      }
      case "bitcast":
        return bitcast(this.value(node.of), node.type);
      case "call":
        return this.#call(node.callee, this.#values(node.args));
      case "builtin":
        return this.#builtin(node);
      case "pointer":
        throw new WgslError("an address is not understood here", node.line);
    }
  }

  #constant(value: number | boolean, type: Type): Value {
    return scalarOf(type) === "f32" || scalarOf(type) === "float" ? float(Number(value)) : whole(Number(value));
  }

  /** The place of an expression; undefined if it has none. */
  place(node: Node): Place | undefined {
    switch (node.op) {
      case "variable": {
        const place = this.around.places.get(node.variable);
        if (place === undefined) throw new WgslError(`"${node.variable.name}" is not understood here`, node.line);
        return place;
      }
      case "index": {
        const of = this.place(node.of);
        if (of?.kind !== "memory") return undefined;
        const { check } = this.around;
        return elementPlace(
          this.frame,
          of,
          this.one(node.index),
          check && ((index, size) => check(this.frame, index, size, of.name, node.line)),
        );
      }
      case "field": {
        const of = this.place(node.of);
        if (of === undefined || node.of.type.kind !== "struct") return undefined;
        if (of.kind === "memory") return partPlace(of, node.type, node.of.type.fields[node.field].offset);
        return { kind: "local", type: node.type, slots: valueParts(of.slots)[node.field] };
      }
      case "swizzle": {
        if (node.lanes.length !== 1) return undefined;
        const of = this.place(node.of);
        if (of?.kind === "memory" && isFour(of.type) && scalarOf(of.type) === "bool") {
          throw new WgslError("an element of vec4<bool> in memory is not understood here", node.line);
        }
        if (of?.kind === "memory") return partPlace(of, node.type, 4 * node.lanes[0]);
        if (of === undefined || isFour(of.type)) return undefined;
        return { kind: "local", type: node.type, slots: valueParts(of.slots)[node.lanes[0]] };
      }
    }
    return undefined;
  }

  protected isLocal(node: Node): boolean {
    return node.op === "field"
      ? this.isLocal(node.of)
      : node.op === "variable" && this.around.places.get(node.variable)?.kind === "local";
  }

  #swizzle(node: Node & { readonly op: "swizzle" }): Value {
    const { lanes } = node;
    const place = node.lanes.length === 1 ? this.place(node) : undefined;
    if (place !== undefined) return readPlace(this.frame, place);
    const of = this.value(node.of);
    const element = scalarOf(node.type);
    if (!isFour(node.of.type)) {
      const kept = lanes.length === 1 ? valueParts(of) : valueParts(this.frame.kept(of));
      const chosen = lanes.map((lane) => single(kept[lane]));
      if (lanes.length === 1) return chosen[0];
      return lanes.length === 4 ? fourOf(chosen.map((one) => asElement(one, element))) : chosen;
    }
    if (lanes.length === 1) return elementOf(single(of), lanes[0], element);
    const kept = this.frame.keptSingle(of);
    if (lanes.length === 4) return ofCode("v128", [kept.code, kept.code, shuffle(lanes)]);
    return lanes.map((lane) => elementOf(kept, lane, element));
  }

  /** `&&` and `||`: the right side is evaluated only if the left does not decide. */
  #short(operator: string, left: Node, right: Node): Value {
    const first = this.one(left);
    let second: Single = whole(0);
    const code = this.frame.within(() => {
      second = this.one(right);
    });
    if (code.length === 0 && !touchesMemory(right)) {
      return apply("i32", operator === "&&" ? "i32.and" : "i32.or", first, second);
    }
    const decided = i32Const(operator === "&&" ? 0 : 1);
    const other: Code = [code, second.code];
    return ofCode("i32", [first.code, operator === "&&" ? ifValue(other, decided) : ifValue(decided, other)]);
  }

  #construct(node: Node & { readonly op: "construct" }): Value {
    const values = this.#values(node.args);
    if (node.type.kind === "struct") return values;
    if (node.type.kind !== "vector") throw new WgslError(`${typeName(node.type)} is not understood here`, node.line);
    if (values.length === 1 && isSingle(values[0]) && node.args[0].type.kind === "scalar") {
      if (node.type.size === 4) return splat(asElement(values[0], node.type.of));
      const kept = this.frame.keptSingle(values[0]);
      return Array.from({ length: node.type.size }, () => kept);
    }
    const { of } = node.type;
    const elements = values.flatMap((value): ReadonlyArray<Single> =>
      !isSingle(value)
        ? value.map(single)
        : value.type === "v128"
        ? [0, 1, 2, 3].map((lane) => elementOf(this.frame.keptSingle(value), lane, of))
        : [value]
    );
    return node.type.size === 4 ? fourOf(elements.map((one) => asElement(one, of))) : elements;
  }

  #builtin(node: Node & { readonly op: "builtin" }): Value {
    const { name, args, type, line } = node;
    if (meetings.has(name) && !this.around.alone) {
      throw new WgslError(`"${name}" is understood where a workgroup has one invocation`, line);
    }
    switch (name) {
      case "workgroupBarrier":
      case "storageBarrier":
        return [];
      case "workgroupUniformLoad":
        return this.frame.copied(readPlace(this.frame, this.#pointed(args[0])));
      case "atomicLoad":
        return this.frame.copied(readPlace(this.frame, this.#pointed(args[0])));
      case "atomicAdd": {
        const place = this.#pointed(args[0]);
        return this.frame.copied(ofCode("i32", [place.address, this.one(args[1]).code, atomicAdd(place.offset)]));
      }
    }
    const values = this.#values(args);
    const found = numeric(this.frame, name, values, args.map((arg) => arg.type));
    if (found !== undefined) return found;
    const callee = this.around.math.get(`${name}_`);
    if (callee === undefined) throw new WgslError(`the function "${name}" is not understood here`, line);
    if (!fours.has(name)) return this.#call(callee, values);
    if (isFour(type)) return this.#call(callee, values);
    const kept = values.map((value) => this.frame.kept(value));
    const size = isSingle(kept[0]) ? 1 : kept[0].length;
    const wide = kept.map((value) => {
      if (isSingle(value)) return splat(value);
      const [first, ...rest] = value.map(single);
      return fourOf([first, ...rest, ...Array(4 - size).fill(first)]);
    });
    const result = this.frame.keptSingle(this.#call(callee, wide));
    const elements = Array.from({ length: size }, (_, i) => laneOf(result, i, true));
    return size === 1 ? elements[0] : elements;
  }

  #pointed(node: Node): MemoryPlace {
    const place = node.op === "pointer" ? this.place(node.of) : undefined;
    if (place?.kind === "memory") return held(this.frame, place);
    throw new WgslError("this address is not understood here", node.line);
  }

  #call(callee: FunctionBody, args: ReadonlyArray<Value>): Value {
    callee.parameters.forEach((parameter, i) => {
      this.around.places.set(parameter, { kind: "local", type: parameter.type, slots: this.frame.kept(args[i]) });
    });
    return this.body(callee);
  }
}
