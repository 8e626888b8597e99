/** Names in a function: variables and constants. Inner blocks shadow outer ones, and those shadow the module. */
import type { Module } from "./module.ts";
import type { Node, Variable } from "./program.ts";
import { WgslError } from "./wgsl_error.ts";

/** The names of a block. */
export class Scope {
  readonly #names = new Map<string, Node>();

  constructor(readonly module: Module, readonly outer?: Scope, readonly inLoop = false) {}

  /** A block nested in this one. */
  inner(inLoop = this.inLoop): Scope {
    return new Scope(this.module, this, inLoop);
  }

  declare(variable: Variable, line: number): Variable {
    this.name(variable.name, { op: "variable", variable, type: variable.type, line }, line);
    return variable;
  }

  /** Declares a name for a node. */
  name(name: string, node: Node, line: number): void {
    if (this.#names.has(name)) throw new WgslError(`"${name}" is declared twice`, line);
    this.#names.set(name, node);
  }

  /** The node with a name. */
  find(name: string, line: number): Node {
    const found = this.#names.get(name);
    if (found !== undefined) return { ...found, line };
    return this.outer === undefined ? this.module.value(name, line) : this.outer.find(name, line);
  }
}
