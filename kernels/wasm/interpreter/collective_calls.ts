/**
 * Calls that invocations make together. Each invocation stores its values and waits at a numbered point (`yield`); when all have arrived, it reads
 * the others' values. Matrix operations run once per subgroup at that point.
 */
import type { Node } from "../../wgsl/program.ts";
import { strideOf, type Type } from "../../wgsl/types.ts";
import { loadAccess } from "./accesses.ts";
import { type Address, counted, further } from "./addresses.ts";
import { stop } from "./fault.ts";
import type { FunctionWriter, Value } from "./function_writer.ts";
import { kindsOf, unitOf } from "./slots.ts";
import { slotsOfLane } from "./subgroup.ts";

type Call = Node & { readonly op: "builtin" };

const pointed = (
  writer: FunctionWriter,
  node: Node,
): { readonly of: Node; readonly address: Address; readonly memory: string } => {
  const address = node.op === "pointer" ? writer.addressed(node.of) : undefined;
  const memory = address && writer.module.memory(address.root);
  return node.op === "pointer" && address !== undefined && memory !== undefined
    ? { of: node.of, address, memory }
    : stop(`line ${node.line}: expected a pointer to workgroup or storage memory`);
};

/** The value of a collective call; undefined for any other function. */
export const writeCollective = (writer: FunctionWriter, node: Call): Value | undefined => {
  const { name, args, line } = node;
  const { lines, module } = writer;
  switch (name) {
    case "workgroupBarrier":
    case "storageBarrier":
      lines.add(`yield ${module.site(line, name, "workgroup")};`);
      return [];
    case "workgroupUniformLoad": {
      const { of, address } = pointed(writer, args[0]);
      lines.add(`yield ${module.site(line, name, "workgroup")};`);
      const value = loadAccess(writer, address, of.type, line);
      lines.add(`yield ${module.site(line, name, "workgroup")};`);
      return value;
    }
    case "subgroupMax":
    case "subgroupMin":
    case "subgroupAdd":
      put(writer, args[0]);
      lines.add(`yield ${module.site(line, name, "subgroup")};`);
      return kindsOf(node.type).map((kind, i) => lines.kept(`${name}(G, ${i}, "${kind}")`, kind));
  }
  if (isExchange(node)) return exchange(writer, [node])[0];
  if (name.startsWith("subgroupMatrix")) return writeMatrix(writer, node);
  return name.startsWith("atomic") ? [writeAtomic(writer, node)] : undefined;
};

/** Stores a value for the other lanes, one slot after the other. */
const put = (writer: FunctionWriter, node: Node, first = 0): void =>
  writer.value(node).forEach((slot, i) => writer.lines.add(`G.put[at + ${first + i}] = ${slot};`));

/** Whether a call only exchanges values. */
export const isExchange = ({ name }: Call): boolean =>
  name === "subgroupBroadcast" || name === "subgroupShuffle" || name === "subgroupShuffleXor";

/** The results of exchanges that do not depend on each other, with a single wait. */
export const exchange = (writer: FunctionWriter, nodes: ReadonlyArray<Call>): ReadonlyArray<Value> => {
  const { lines, module } = writer;
  let slots = 0;
  const firsts = nodes.map(({ args }) => {
    const first = slots;
    slots += kindsOf(args[0].type).length;
    return first;
  });
  const indices = nodes.map(({ args }) => writer.kept(args[1])[0]);
  nodes.forEach(({ args }, n) => put(writer, args[0], firsts[n]));
  lines.add(`yield ${module.site(nodes[0].line, nodes[0].name, "subgroup")};`);
  return nodes.map(({ name, line, type }, n) => {
    const from = lines.atom(name === "subgroupShuffleXor" ? `(local ^ ${indices[n]})` : indices[n], "u32");
    lines.add(`if (${from} >= G.lanes) outside(${line}, "${name}", ${from}, G.lanes, lane);`);
    const start = /^\d+$/.test(from) ? String(Number(from) * slotsOfLane) : `${from} * ${slotsOfLane}`;
    return kindsOf(type).map((kind, i) => lines.kept(`G.given[${further(start, firsts[n] + i)}]`, kind));
  });
};

/** Bytes per unit of a matrix's offset and stride: an element of the innermost array. */
const elementBytes = (type: Type): number =>
  type.kind === "array" ? strideOf(type.of) : stop("a matrix lies in an array");

const writeMatrix = (writer: FunctionWriter, node: Call): Value => {
  const { lines, module } = writer;
  const { name, args, type, line, word } = node;
  if (name === "subgroupMatrixMultiplyAccumulate") {
    args.forEach((arg, i) => lines.add(`G.operands[local * 3 + ${i}] = ${writer.value(arg)[0]};`));
    module.sizes(args[0].type, line);
    module.sizes(args[1].type, line);
    const { size, depth } = module.sizes(args[2].type, line);
    const operation = `multiplyMatrices(checks, G, { size: ${size}, depth: ${depth} }, ${line})`;
    lines.add(`yield ${module.site(line, name, "subgroup", operation)};`);
    return [lines.kept("G.result", "matrix")];
  }
  const isLoad = name === "subgroupMatrixLoad";
  const { of, address, memory } = pointed(writer, args[0]);
  const [offset, stride] = [writer.kept(args[1])[0], writer.kept(args[isLoad ? 2 : 3])[0]];
  const bytes = elementBytes(of.type);
  const matrix = isLoad ? type : args[2].type;
  module.sizes(matrix, line);
  if (!isLoad) lines.add(`G.operands[local * 3] = ${writer.value(args[2])[0]};`);
  lines.add(`G.put[at] = ${counted(address, 1)} + ${offset} * ${bytes};`);
  lines.add(`G.put[at + 1] = ${stride} * ${bytes};`);
  const isByRows = word === "row_major";
  const shape = JSON.stringify(matrix);
  const operation = isLoad
    ? `loadMatrix(checks, G, ${memory}, ${shape}, ${isByRows}, ${module.options.watchesStorage}, ${line})`
    : `storeMatrix(checks, G, ${memory}, ${shape}, ${isByRows}, ${line})`;
  lines.add(`yield ${module.site(line, name, "subgroup", operation)};`);
  return isLoad ? [lines.kept("G.result", "matrix")] : [];
};

const atomics: Readonly<Record<string, (old: string, value: string) => string>> = {
  atomicMax: (old, value) => `Math.max(${old}, ${value})`,
  atomicMin: (old, value) => `Math.min(${old}, ${value})`,
  atomicAdd: (old, value) => `${old} + ${value}`,
  atomicOr: (old, value) => `${old} | ${value}`,
};

const writeAtomic = (writer: FunctionWriter, { name, args, type, line }: Call): string => {
  const { lines, module } = writer;
  const { address, memory } = pointed(writer, args[0]);
  const value = args[1] === undefined ? undefined : writer.kept(args[1])[0];
  const unit = unitOf(address.root.type);
  const at = lines.atom(counted(address, unit), "u32");
  const kind = kindsOf(type)[0];
  const place = `${memory}${kind === "i32" ? "i" : "u"}[${unit === 2 ? `${at} >> 1` : at}]`;
  lines.add(`atomic(${memory}, ${at}, ${module.options.watchesStorage}, ${line}, lane);`);
  const old = lines.kept(place, kind);
  if (value !== undefined) lines.add(`${place} = ${atomics[name](old, value)};`);
  return old;
};
