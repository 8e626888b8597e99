/** The declarations of a WGSL module, checked at first use, so that their order does not matter, and the rules for constants and conversions. */
import { compared, computed, fits, roundedConstant } from "./constants.ts";
import { resolveExpression } from "./expressions.ts";
import type { FunctionBody, Node, Variable } from "./program.ts";
import { Scope } from "./scope.ts";
import type { Declaration, Expression } from "./syntax.ts";
import {
  bool,
  isSame,
  type Scalar,
  scalar,
  scalarOf,
  structOf,
  type Type,
  typeName,
  vector,
  withScalar,
} from "./types.ts";
import { WgslError } from "./wgsl_error.ts";

type FunctionDeclaration = Declaration & { readonly kind: "fn" };

const scalars: ReadonlyArray<string> = ["bool", "i32", "u32", "f32", "f16"];
const letters: Readonly<Record<string, Scalar>> = { f: "f32", u: "u32", i: "i32", h: "f16" };
const isAbstract = (of: Scalar | undefined) => of === "int" || of === "float";
const isWhole = (of: Scalar | undefined) => of === "i32" || of === "u32" || of === "int";
const comparisons = ["==", "!=", "<", ">", "<=", ">="];

/** Checks the body of a function. */
export type BodyOf = (module: Module, declared: FunctionDeclaration) => FunctionBody;

export class Module {
  readonly enabled: ReadonlyArray<string>;
  readonly #byName = new Map<string, Declaration>();
  readonly #values = new Map<string, Node>();
  readonly #types = new Map<string, Type>();
  readonly #functions = new Map<string, FunctionBody>();
  readonly #open = new Set<string>();
  readonly #bodyOf: BodyOf;

  constructor(readonly declarations: ReadonlyArray<Declaration>, bodyOf: BodyOf) {
    this.#bodyOf = bodyOf;
    this.enabled = declarations.flatMap((declared) => declared.kind === "enable" ? declared.names : []);
    for (const declared of declarations) {
      if (declared.kind === "enable") continue;
      if (this.#byName.has(declared.name)) throw new WgslError(`"${declared.name}" is declared twice`, declared.line);
      this.#byName.set(declared.name, declared);
    }
  }

  declaration(name: string): Declaration | undefined {
    return this.#byName.get(name);
  }

  variables(): ReadonlyArray<Variable> {
    return this.declarations.flatMap((declared) => {
      if (declared.kind !== "var") return [];
      const node = this.value(declared.name, declared.line);
      return node.op === "variable" ? [node.variable] : [];
    });
  }

  /** The constant or variable with a name. */
  value(name: string, line: number): Node {
    const known = this.#values.get(name);
    if (known !== undefined) return { ...known, line };
    const declared = this.#byName.get(name);
    if (declared?.kind === "var") {
      const variable = this.#variable(declared);
      return this.#keep(name, { op: "variable", variable, type: variable.type, line });
    }
    if (declared?.kind !== "const") throw new WgslError(`"${name}" is not known`, line);
    return this.#once(name, line, () => {
      const wanted = declared.type === undefined ? undefined : this.type(declared.type);
      const value = resolveExpression(new Scope(this), declared.value);
      const node = wanted === undefined ? value : this.fit(value, wanted);
      if (!isConstant(node)) throw new WgslError(`"${name}" is not constant`, line);
      return this.#keep(name, node);
    });
  }

  function(name: string, line: number): FunctionBody {
    const known = this.#functions.get(name);
    if (known !== undefined) return known;
    const declared = this.#byName.get(name);
    if (declared?.kind !== "fn") throw new WgslError(`function "${name}" is not known`, line);
    return this.#once(name, line, () => {
      const body = this.#bodyOf(this, declared);
      this.#functions.set(name, body);
      return body;
    });
  }

  /** The type named by an expression; undefined if it is none. */
  typeOrNone(given: Expression): Type | undefined {
    if (given.kind === "name") return this.#namedType(given.name, given.line);
    if (given.kind !== "template") return undefined;
    const [first, ...rest] = given.args;
    const size = /^vec([234])$/.exec(given.name)?.[1];
    if (size !== undefined) return vector(Number(size) as 2 | 3 | 4, this.#scalar(first));
    const role = /^subgroup_matrix_(left|right|result)$/.exec(given.name)?.[1];
    if (role !== undefined) {
      const [columns, rows] = rest.map((one) => this.count(one));
      return { kind: "matrix", role: role as "left" | "right" | "result", of: this.#scalar(first), columns, rows };
    }
    if (given.name === "array") {
      return { kind: "array", of: this.type(first), size: rest.length === 0 ? undefined : this.count(rest[0]) };
    }
    if (given.name !== "atomic") return undefined;
    const of = this.#scalar(first);
    if (of !== "u32" && of !== "i32") throw new WgslError(`atomic<${of}> is not understood`, given.line);
    return { kind: "atomic", of };
  }

  /** The type named by an expression. */
  type(given: Expression): Type {
    const type = this.typeOrNone(given);
    if (type !== undefined) return type;
    throw new WgslError(
      `the type "${given.kind === "name" || given.kind === "template" ? given.name : "…"}" is not known`,
      given.line,
    );
  }

  /** A constant integer. */
  count(given: Expression): number {
    const node = resolveExpression(new Scope(this), given);
    if (node.op === "constant" && typeof node.value === "number" && Number.isInteger(node.value) && node.value >= 0) {
      return node.value;
    }
    throw new WgslError("expected a whole number that is constant", given.line);
  }

  /** The node with type `wanted`: literals take it, other nodes must have it. Without `wanted`, literals become `i32` or `f32`. */
  fit(node: Node, wanted?: Type): Node {
    const of = scalarOf(node.type);
    if (wanted === undefined) {
      return isAbstract(of) ? this.fit(node, scalar(of === "int" ? "i32" : "f32")) : node;
    }
    if (isSame(node.type, wanted)) return node;
    const to = scalarOf(wanted);
    if (
      node.op === "constant" && typeof node.value === "number" && wanted.kind === "scalar" && to !== undefined &&
      (of === "int" || (of === "float" && !isWhole(to))) && to !== "bool"
    ) {
      return { op: "constant", value: this.#inRange(node.value, to, node.line), type: wanted, line: node.line };
    }
    throw new WgslError(`found ${typeName(node.type)}, expected ${typeName(wanted)}`, node.line);
  }

  /** Gives literals among `nodes` the type of the others. */
  agree(nodes: ReadonlyArray<Node>): ReadonlyArray<Node> {
    const concrete = nodes.find((node) => !isAbstract(scalarOf(node.type)));
    const float = nodes.some((node) => scalarOf(node.type) === "float");
    const wanted = concrete === undefined ? (float ? "f32" : undefined) : scalarOf(concrete.type);
    return nodes.map((node) =>
      isAbstract(scalarOf(node.type)) ? this.fit(node, wanted === undefined ? undefined : scalar(wanted)) : node
    );
  }

  /** left operator right, computed if both are constant. */
  binary(operator: string, left: Node, right: Node, line: number): Node {
    const wrong = () =>
      new WgslError(`"${operator}" does not take ${typeName(left.type)} and ${typeName(right.type)}`, line);
    if (operator === "&&" || operator === "||") {
      if (!isSame(left.type, bool) || !isSame(right.type, bool)) throw wrong();
      if (left.op !== "constant") return { op: "binary", operator, left, right, type: bool, line };
      return (left.value === true) === (operator === "&&") ? right : left;
    }
    if (operator === "<<" || operator === ">>") {
      const count = isAbstract(scalarOf(right.type)) ? this.fit(right, scalar("u32")) : right;
      const shifted = isAbstract(scalarOf(left.type)) && count.op !== "constant" ? this.fit(left) : left;
      if (!isWhole(scalarOf(shifted.type)) || !isSame(withScalar(shifted.type, "u32"), count.type)) throw wrong();
      return this.#folded(operator, shifted, count, shifted.type, line) ??
        { op: "binary", operator, left: shifted, right: count, type: shifted.type, line };
    }
    const [a, b] = this.#alike(left, right);
    const [of, other] = [scalarOf(a.type), scalarOf(b.type)];
    if (of === undefined || of !== other) throw wrong();
    if (a.type.kind === "vector" && b.type.kind === "vector" && a.type.size !== b.type.size) throw wrong();
    const shape = a.type.kind === "vector" ? a.type : b.type;
    const compares = comparisons.includes(operator);
    const mixed = a.type.kind !== b.type.kind;
    const fits = compares
      ? !mixed && (of !== "bool" || operator === "==" || operator === "!=")
      : ["&", "|", "^"].includes(operator)
      ? !mixed && (isWhole(of) || (of === "bool" && operator !== "^"))
      : of !== "bool" && ["+", "-", "*", "/", "%"].includes(operator);
    if (!fits) throw wrong();
    const type = compares ? withScalar(shape, "bool") : shape;
    return this.#folded(operator, a, b, type, line) ?? { op: "binary", operator, left: a, right: b, type, line };
  }

  #alike(left: Node, right: Node): readonly [Node, Node] {
    const [a, b] = [scalarOf(left.type), scalarOf(right.type)];
    if (isAbstract(a) && isAbstract(b)) {
      return a === b ? [left, right] : [this.fit(left, scalar("float")), this.fit(right, scalar("float"))];
    }
    if (isAbstract(a) && b !== undefined) return [this.fit(left, scalar(b)), right];
    if (isAbstract(b) && a !== undefined) return [left, this.fit(right, scalar(a))];
    return [left, right];
  }

  #folded(operator: string, left: Node, right: Node, type: Type, line: number): Node | undefined {
    if (left.op !== "constant" || right.op !== "constant") return undefined;
    const [a, b, of] = [left.value, right.value, scalarOf(left.type)];
    if (comparisons.includes(operator)) {
      if (typeof a === "object" || typeof b === "object") return undefined;
      const value = compared(operator, a, b);
      return value === undefined ? undefined : { op: "constant", value, type, line };
    }
    if (typeof a !== "number" || typeof b !== "number" || of === undefined) return undefined;
    const value = computed(operator, a, b, of);
    if (value === undefined) throw new WgslError(`${a} ${operator} ${b} is not defined`, line);
    return { op: "constant", value, type, line };
  }

  #inRange(value: number, of: Scalar, line: number): number {
    if (!fits(value, of)) throw new WgslError(`${value} is beyond the range of ${of}`, line);
    return roundedConstant(value, of);
  }

  #namedType(name: string, line: number): Type | undefined {
    if (scalars.includes(name)) return scalar(name as Scalar);
    const short = /^vec([234])([fuih])$/.exec(name);
    if (short !== null) return vector(Number(short[1]) as 2 | 3 | 4, letters[short[2]]);
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const declared = this.#byName.get(name);
    if (declared?.kind !== "alias" && declared?.kind !== "struct") return undefined;
    return this.#once(name, line, () => {
      const type = declared.kind === "alias"
        ? this.type(declared.type)
        : structOf(name, declared.fields.map((field) => ({ name: field.name, type: this.type(field.type) })));
      this.#types.set(name, type);
      return type;
    });
  }

  #scalar(given: Expression | undefined): Scalar {
    const type = given === undefined ? undefined : this.type(given);
    if (type?.kind === "scalar") return type.of;
    throw new WgslError("expected the type of an element", given?.line ?? 1);
  }

  #variable(declared: Declaration & { readonly kind: "var" }): Variable {
    const { name, space, access, attributes, line } = declared;
    const type = this.type(declared.type);
    if (space === "workgroup") return { name, type, space };
    if (space !== "storage" && space !== "uniform") throw new WgslError(`var<${space}> is not understood`, line);
    const number = (attribute: string) => {
      const given = attributes.find((one) => one.name === attribute)?.args[0];
      return given === undefined ? undefined : this.count(given);
    };
    const binding = number("binding");
    if (binding === undefined || number("group") !== 0) {
      throw new WgslError(`"${name}" needs group 0 and a binding`, line);
    }
    return { name, type, space, binding, writable: access === "read_write" };
  }

  #keep(name: string, node: Node): Node {
    this.#values.set(name, node);
    return node;
  }

  #once<A>(name: string, line: number, make: () => A): A {
    if (this.#open.has(name)) throw new WgslError(`"${name}" is declared by itself`, line);
    this.#open.add(name);
    const made = make();
    this.#open.delete(name);
    return made;
  }
}

/** Whether a node is a constant. */
export const isConstant = (node: Node): boolean =>
  node.op === "constant" || node.op === "zero" || (node.op === "construct" && node.args.every(isConstant));
