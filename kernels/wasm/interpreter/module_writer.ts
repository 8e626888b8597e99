/**
 * What the functions of one generated module share: names of its memory, the points at which invocations wait for each other, constants, and
 * functions that are called rather than written out where they are used.
 */
import type { FunctionBody, Node, Program, Step, Variable } from "../../wgsl/program.ts";
import type { Type } from "../../wgsl/types.ts";
import { stop } from "./fault.ts";
import { isHeld, type MatrixSizes, type MatrixType } from "./matrix_operations.ts";

/** What of the card shows in the code. */
export interface CodeOptions {
  readonly lanes: number;
  readonly matrix: MatrixSizes | undefined;
  /** Whether reads of storage that nobody wrote are faults, but for those of some kernels. */
  readonly watchesStorage: boolean;
  readonly gapReaders: ReadonlyArray<string>;
}

/** A point at which invocations wait: for their workgroup at a barrier, else for their subgroup. */
export interface Site {
  readonly line: number;
  readonly name: string;
  readonly scope: "workgroup" | "subgroup";
  readonly isStorage: boolean;
}

/** What a builtin function waits for, if anything. */
const waits = (name: string): boolean =>
  name === "workgroupBarrier" || name === "storageBarrier" || name === "workgroupUniformLoad" ||
  name.startsWith("subgroup");

/** One module. */
export class ModuleWriter {
  /** Points by their number; the first is none. */
  readonly sites: (Site | undefined)[] = [undefined];
  readonly prelude: string[] = [];
  readonly options: CodeOptions;
  readonly #memory = new Map<Variable, string>();
  readonly #called = new Map<FunctionBody, string>();
  readonly #waiting = new Map<FunctionBody, boolean>();
  readonly #zeros = new Map<string, string>();

  constructor(readonly program: Program, given: CodeOptions) {
    const watchesStorage = given.watchesStorage && !given.gapReaders.includes(program.entry.name);
    this.options = { ...given, watchesStorage };
    for (const variable of program.bindings) {
      this.#memory.set(variable, `${variable.space === "uniform" ? "U" : "B"}${variable.binding}`);
    }
    program.workgroup.forEach((variable, i) => this.#memory.set(variable, `W${i}`));
  }

  /** The name of a variable of the module, of which the views are `f`, `u`, `i`, `h`, the words written `w` and the count of elements `n`. */
  memory(variable: Variable): string | undefined {
    return this.#memory.get(variable);
  }

  /** A new point at which invocations wait; `operation` is what a subgroup then does, in JavaScript. */
  site(line: number, name: string, scope: Site["scope"], operation?: string): number {
    this.sites.push({ line, name, scope, isStorage: name === "storageBarrier" });
    const number = this.sites.length - 1;
    if (operation !== undefined) this.prelude.push(`operations[${number}] = (G) => ${operation};`);
    return number;
  }

  /** The card's sizes, where it holds this matrix. */
  sizes(type: Type, line: number): MatrixSizes {
    const { matrix } = this.options;
    if (matrix === undefined) return stop(`line ${line}: the card has no matrix units`);
    if (type.kind === "matrix" && isHeld(type, matrix)) return matrix;
    return stop(
      `line ${line}: the card has no matrices of this shape, but ${matrix.size}x${matrix.size}x${matrix.depth}`,
    );
  }

  /** A matrix of zeros, the same one for all lanes. */
  zero(type: MatrixType): string {
    const size = type.rows * type.columns;
    const known = this.#zeros.get(`${size}`);
    if (known !== undefined) return known;
    const name = `Z${size}`;
    this.prelude.push(`const ${name} = new Float32Array(${size});`);
    this.#zeros.set(`${size}`, name);
    return name;
  }

  /** The name of a function that stands on its own; `write` gives its text the first time. */
  called(body: FunctionBody, write: () => string): string {
    const known = this.#called.get(body);
    if (known !== undefined) return known;
    const name = `call_${body.name}`;
    this.#called.set(body, name);
    this.prelude.push(write());
    return name;
  }

  /** Whether a function waits for others, itself or in what it calls. */
  isWaiting(body: FunctionBody): boolean {
    const known = this.#waiting.get(body);
    if (known !== undefined) return known;
    const isWaiting = nodesOf(body.body).some((node) =>
      node.op === "builtin" ? waits(node.name) : node.op === "call" && this.isWaiting(node.callee)
    );
    this.#waiting.set(body, isWaiting);
    return isWaiting;
  }
}

/** Whether a function returns at its end alone, so that it can be written out where it is called. */
export const isInlined = ({ body }: FunctionBody): boolean =>
  !body.slice(0, -1).some(returns) && !returnsWithin(body.at(-1));

const returns = (step: Step): boolean => step.op === "return" || returnsWithin(step);

const returnsWithin = (step: Step | undefined): boolean => step !== undefined && innerOf(step).some(returns);

const innerOf = (step: Step): ReadonlyArray<Step> => {
  switch (step.op) {
    case "if":
      return [...step.then, ...step.otherwise];
    case "loop":
      return [...step.start, ...step.update, ...step.body];
    case "block":
      return step.body;
    default:
      return [];
  }
};

/** Every expression of some statements, and those within them. */
const nodesOf = (steps: ReadonlyArray<Step>): ReadonlyArray<Node> =>
  steps.flatMap((step) => {
    const own = "value" in step ? [step.value] : "condition" in step ? [step.condition] : [];
    if (step.op === "assign") own.push(step.to);
    return [...own.flatMap((node) => node === undefined ? [] : within(node)), ...nodesOf(innerOf(step))];
  });

const within = (node: Node): ReadonlyArray<Node> => {
  switch (node.op) {
    case "index":
      return [node, ...within(node.of), ...within(node.index)];
    case "field":
    case "swizzle":
    case "unary":
    case "convert":
    case "bitcast":
    case "pointer":
      return [node, ...within(node.of)];
    case "binary":
      return [node, ...within(node.left), ...within(node.right)];
    case "construct":
    case "builtin":
    case "call":
      return [node, ...node.args.flatMap(within)];
    default:
      return [node];
  }
};
