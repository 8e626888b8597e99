/**
 * A checked WGSL module: names are looked up, every expression has a type, constants are computed. This is what the compiler to WebAssembly
 * and the interpreter read. Scalars are concrete but in constants that nothing asked a type of.
 */
import type { Type } from "./types.ts";

/** Something with a name that holds a value. Each declaration makes one of its own, so identity tells them apart. */
export interface Variable {
  readonly name: string;
  readonly type: Type;
  readonly space: "let" | "function" | "parameter" | "storage" | "uniform" | "workgroup" | "input";
  /** Of `storage` and `uniform`. */
  readonly binding?: number;
  readonly writable?: boolean;
  /** Of `input`: the builtin value, such as `global_invocation_id`. */
  readonly builtin?: string;
}

/** What a constant is: a number, a boolean, or the numbers of a vector. */
export type Constant = number | boolean | ReadonlyArray<number | boolean>;

/** An expression. Those made of `variable`, `index`, `field` and one `swizzle` lane can also be assigned to. */
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
    /** A vector of scalars and vectors, a struct of its fields, an array of its elements; one scalar fills a vector. */
    | { readonly op: "construct"; readonly args: ReadonlyArray<Node> }
    | { readonly op: "convert"; readonly of: Node }
    | { readonly op: "bitcast"; readonly of: Node }
    | { readonly op: "pointer"; readonly of: Node }
    | { readonly op: "builtin"; readonly name: string; readonly args: ReadonlyArray<Node>; readonly word?: string }
    | { readonly op: "call"; readonly callee: FunctionBody; readonly args: ReadonlyArray<Node> }
  );

/** A statement. */
export type Step =
  & { readonly line: number }
  & (
    | { readonly op: "declare"; readonly variable: Variable; readonly value: Node | undefined }
    /** `operator` is that of a compound assignment; the place is found once. */
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

/** A function. */
export interface FunctionBody {
  readonly name: string;
  readonly parameters: ReadonlyArray<Variable>;
  readonly result: Type;
  readonly body: ReadonlyArray<Step>;
}

/** A compute shader and what it is bound to. */
export interface Program {
  readonly entry: FunctionBody;
  readonly workgroupSize: readonly [number, number, number];
  /** `storage` and `uniform` variables, by binding. */
  readonly bindings: ReadonlyArray<Variable>;
  readonly workgroup: ReadonlyArray<Variable>;
  readonly enabled: ReadonlyArray<string>;
}
