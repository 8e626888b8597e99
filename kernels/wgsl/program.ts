/**
 * A checked WGSL module: names are resolved, expressions typed, constants computed. The compiler to WebAssembly and the interpreter read it. Types
 * are concrete, except in constants that no use has given a type.
 */
import type { Type } from "./types.ts";

/** A named value. Each declaration makes its own object, so identity distinguishes them. */
export interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly space: "let" | "function" | "parameter" | "storage" | "uniform" | "workgroup" | "input";
  /** Only for `storage` and `uniform`. */
  readonly binding?: number;
  readonly writable?: boolean;
  /** Only for `input`: the builtin value, such as `global_invocation_id`. */
  readonly builtin?: string;
}

/** A constant: a number, a boolean, or the elements of a vector. */
export type Constant = number | boolean | ReadonlyArray<number | boolean>;

/** An expression. `variable`, `index`, `field` and one-lane `swizzle` nodes can be assigned to. */
export type Node =
  & { readonly type: Type; readonly line: number }
  & (
    | { readonly op: "constant"; readonly value: Constant }
    | { readonly op: "zero" }
    | { readonly op: "variable"; readonly variable: Variable }
    | { readonly op: "index"; readonly of: Node; readonly index: Node }
    | { readonly op: "field"; readonly of: Node; readonly field: number }
    | { readonly op: "swizzle"; readonly of: Node; readonly lanes: ReadonlyArray<number> }
    | { readonly op: "unary"; readonly operator: "-" | "!" | "~"; readonly of: Node }
    | { readonly op: "binary"; readonly operator: string; readonly left: Node; readonly right: Node }
    /** A vector from scalars and vectors, a struct from its fields, an array from its elements; one scalar fills a vector. */
    | { readonly op: "construct"; readonly args: ReadonlyArray<Node> }
    | { readonly op: "convert"; readonly of: Node }
    | { readonly op: "bitcast"; readonly of: Node }
    | { readonly op: "pointer"; readonly of: Node }
    | { readonly op: "builtin"; readonly name: string; readonly args: ReadonlyArray<Node>; readonly word?: string }
    | { readonly op: "call"; readonly callee: FunctionBody; readonly args: ReadonlyArray<Node> }
  );

export type Step =
  & { readonly line: number }
  & (
    | { readonly op: "declare"; readonly variable: Variable; readonly value: Node | undefined }
    /** `operator` belongs to a compound assignment; the place is evaluated once. */
    | { readonly op: "assign"; readonly to: Node; readonly operator: string | undefined; readonly value: Node }
    | {
      readonly op: "if";
      readonly condition: Node;
      readonly then: ReadonlyArray<Step>;
      readonly otherwise: ReadonlyArray<Step>;
    }
    | {
      readonly op: "loop";
      readonly start: ReadonlyArray<Step>;
      readonly condition: Node | undefined;
      readonly update: ReadonlyArray<Step>;
      readonly body: ReadonlyArray<Step>;
    }
    | { readonly op: "block"; readonly body: ReadonlyArray<Step> }
    | { readonly op: "return"; readonly value: Node | undefined }
    | { readonly op: "break" | "continue" }
    | { readonly op: "evaluate"; readonly value: Node }
  );

export interface FunctionBody {
  readonly name: string;
  readonly parameters: ReadonlyArray<Variable>;
  readonly result: Type;
  readonly body: ReadonlyArray<Step>;
}

/** A compute shader and its bindings. */
export interface Program {
  readonly entry: FunctionBody;
  readonly workgroupSize: readonly [number, number, number];
  /** `storage` and `uniform` variables, in binding order. */
  readonly bindings: ReadonlyArray<Variable>;
  readonly workgroup: ReadonlyArray<Variable>;
  readonly enabled: ReadonlyArray<string>;
}
