/**
 * State shared by the functions of a generated module: names of its memory, the points at which invocations wait, constants, and functions that are
 * called instead of inlined.
 */
import type { FunctionBody, Node, Program, Step, Variable } from "../../wgsl/program.ts";
import type { Type } from "../../wgsl/types.ts";
import { stop } from "./fault.ts";
import { isHeld, type MatrixSizes, type MatrixType } from "./matrix_operations.ts";

/** Properties of the card that affect the code. */
export interface CodeOptions {
  readonly lanes: number;
  readonly matrix: MatrixSizes | undefined;
  /** Whether reads of uninitialised storage are faults, except in some kernels. */
  readonly watchesStorage: boolean;
  readonly gapReaders: ReadonlyArray<string>;
}

/** A point at which invocations wait: for their workgroup at a barrier, otherwise for their subgroup. */
export interface Site {
  readonly line: number;
  readonly name: string;
  readonly scope: "workgroup" | "subgroup";
  readonly isStorage: boolean;
}

/** Whether a builtin function waits for other invocations. */
const waits = (name: string): boolean =>
  name === "workgroupBarrier" || name === "storageBarrier" || name === "workgroupUniformLoad" ||
  name.startsWith("subgroup");

export class ModuleWriter {
  /** Wait points by number; number 0 is unused. */
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

  /**
   * The name of a module variable. Its views have the suffixes `f`, `u`, `i` and `h`; `w` marks initialised words, `n` is the number of elements.
   */
  memory(variable: Variable): string | undefined {
    return this.#memory.get(variable);
  }

  /** A new wait point; `operation` is the subgroup's JavaScript operation there. */
  site(line: number, name: string, scope: Site["scope"], operation?: string): number {
    this.sites.push({ line, name, scope, isStorage: name === "storageBarrier" });
    const number = this.sites.length - 1;
    if (operation !== undefined) this.prelude.push(`operations[${number}] = (G) => ${operation};`);
    return number;
  }

  /** The sizes of the card's matrix units; a fault if they do not support this matrix. */
  sizes(type: Type, line: number): MatrixSizes {
    const { matrix } = this.options;
    if (matrix === undefined) return stop(`line ${line}: the card has no matrix units`);
    if (type.kind === "matrix" && isHeld(type, matrix)) return matrix;
    return stop(
      `line ${line}: the card has no matrices of this shape, but ${matrix.size}x${matrix.size}x${matrix.depth}`,
    );
  }

  /** A zero matrix, shared by all lanes. */
  zero(type: MatrixType): string {
    const size = type.rows * type.columns;
    const known = this.#zeros.get(`${size}`);
    if (known !== undefined) return known;
    const name = `Z${size}`;
    this.prelude.push(`const ${name} = new Float32Array(${size});`);
    this.#zeros.set(`${size}`, name);
    return name;
  }

  /** The name of a called function; `write` writes its text at the first call. */
  called(body: FunctionBody, write: () => string): string {
    const known = this.#called.get(body);
    if (known !== undefined) return known;
    const name = `call_${body.name}`;
    this.#called.set(body, name);
    this.prelude.push(write());
    return name;
  }

  /** Whether a function, or one that it calls, waits for other invocations. */
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

/** Whether a function returns only at its end, so that it can be inlined. */
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

/** All expressions in some statements. */
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
