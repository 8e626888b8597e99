/**
 * Generates JavaScript from a checked program. The module's `main` runs one invocation; it is a generator if the kernel has collective operations.
 * Names: `B0` binding 0, `U1` a uniform, `W0` a workgroup variable, each followed by the letter of a view; `lane` the invocation's index in its
 * workgroup, `G` its subgroup, `local` its index in the subgroup, `at` its first slot for exchanges.
 */
import type { Program, Variable } from "../../wgsl/program.ts";
import { FunctionWriter } from "./function_writer.ts";
import { stop } from "./fault.ts";
import { type CodeOptions, ModuleWriter, type Site } from "./module_writer.ts";
import { writeSteps } from "./statements.ts";
import { slotsOfLane } from "./subgroup.ts";

/** A module's text and properties. */
export interface GeneratedCode {
  readonly text: string;
  readonly sites: ReadonlyArray<Site | undefined>;
  /** Whether invocations wait for each other; `main` is then a generator. */
  readonly isWaiting: boolean;
}

/** The invocation's builtin values, by name. */
const inputsOf = (
  { workgroupSize: [x, y, z] }: Program,
  lanes: number,
): Readonly<Record<string, ReadonlyArray<string>>> => {
  const local = [`lane % ${x}`, `Math.floor(lane / ${x}) % ${y}`, `Math.floor(lane / ${x * y})`];
  const sizes = [x, y, z];
  return {
    local_invocation_index: ["lane"],
    local_invocation_id: local,
    workgroup_id: ["wx", "wy", "wz"],
    num_workgroups: ["nx", "ny", "nz"],
    global_invocation_id: ["wx", "wy", "wz"].map((group, i) => `${group} * ${sizes[i]} + ${local[i]}`),
    subgroup_invocation_id: [`lane % ${lanes}`],
    subgroup_id: [`Math.floor(lane / ${lanes})`],
    subgroup_size: [String(lanes)],
    num_subgroups: [String(Math.ceil(x * y * z / lanes))],
  };
};

const viewsOf = (name: string, index: number, source: string, variable: Variable): string => {
  const { type } = variable;
  const step = type.kind === "array" && type.size === undefined ? `${name}.counted` : "0";
  return `${name} = ${source}[${index}]; ${name}f = ${name}.f; ${name}u = ${name}.u; ${name}i = ${name}.i; ${name}h = ${name}.h; ` +
    `${name}w = ${name}.written; ${name}n = ${step};`;
};

/** The module of a program. */
export const generate = (program: Program, options: CodeOptions): GeneratedCode => {
  const module = new ModuleWriter(program, options);
  const writer = new FunctionWriter(module);
  const { entry } = program;
  const isWaiting = module.isWaiting(entry);
  const { lines } = writer;
  if (isWaiting) lines.add(`const local = lane - G.first, at = local * ${slotsOfLane};`);
  const inputs = inputsOf(program, options.lanes);
  for (const parameter of entry.parameters) {
    const values = inputs[parameter.builtin ?? ""] ??
      stop(`the builtin value "${parameter.builtin}" is not understood`);
    writer.bind(parameter, values.map((value) => lines.kept(value, "u32")));
  }
  writeSteps(writer, entry.body, []);
  const main = lines.text();
  const bound = program.bindings.map((variable) => [module.memory(variable)!, variable] as const);
  const own = program.workgroup.map((variable) => [module.memory(variable)!, variable] as const);
  const views = [...bound, ...own].flatMap(([name]) => ["", "f", "u", "i", "h", "w", "n"].map((view) => name + view));
  const text = [
    '"use strict";',
    `const { ${helperNames.join(", ")} } = runtime;`,
    "const F = Math.fround, H = roundHalf, returned = new Float64Array(64), operations = [];",
    `let ${["wx = 0, wy = 0, wz = 0, nx = 0, ny = 0, nz = 0", ...views].join(", ")};`,
    `const bind = (memory) => {\n${
      bound.map(([name, variable], i) => viewsOf(name, i, "memory", variable)).join("\n")
    }\n};`,
    own.map(([name, variable], i) => viewsOf(name, i, "workgroup", variable)).join("\n"),
    "const begin = (x, y, z, X, Y, Z) => { wx = x; wy = y; wz = z; nx = X; ny = Y; nz = Z; };",
    ...module.prelude,
    `function${isWaiting ? "*" : ""} main(lane, G) {\n${main}\n}`,
    "return { bind, begin, main, operations };",
  ].join("\n");
  return { text, sites: module.sites, isWaiting };
};

/** Names that the text takes from its `runtime`. */
export const helperNames = [
  "checks",
  "workgroup",
  "outside",
  "unwritten",
  "readShared",
  "writeShared",
  "readStorage",
  "writeStorage",
  "atomic",
  "loadMatrix",
  "storeMatrix",
  "multiplyMatrices",
  "subgroupMax",
  "subgroupMin",
  "subgroupAdd",
  "exp",
  "log",
  "roundHalf",
  "divideUnsigned",
  "divideSigned",
  "restUnsigned",
  "restSigned",
  "least",
  "most",
  "nearest",
  "toUnsigned",
  "toSigned",
  "scale",
  "bitsOfFloat",
  "signedBitsOfFloat",
  "floatOfBits",
  "packHalves",
  "lowHalf",
  "highHalf",
] as const;
