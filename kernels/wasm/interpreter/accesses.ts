/** Writes reads and writes of memory and local arrays, with their checks. */
import type { Type } from "../../wgsl/types.ts";
import { type Address, counted, further } from "./addresses.ts";
import type { FunctionWriter, Value } from "./function_writer.ts";
import { bytesOf, type Kind, kindsOf, type MemorySlot, memorySlotsOf, unitOf } from "./slots.ts";

const views: Readonly<Record<Kind, string>> = { f32: "f", f16: "h", u32: "u", i32: "i", bool: "u", matrix: "" };

/** Runs of consecutive units, as (first, count). */
const runsOf = (slots: ReadonlyArray<MemorySlot>, unit: number): ReadonlyArray<readonly [number, number]> => {
  const runs: [number, number][] = [];
  for (const { kind, offset } of slots) {
    const [first, count] = [offset / unit, bytesOf(kind) / unit];
    const last = runs.at(-1);
    if (last !== undefined && last[0] + last[1] === first) last[1] += count;
    else runs.push([first, count]);
  }
  return runs;
};

const viewed = (memory: string, { kind, offset }: MemorySlot, base: string, unit: number): string => {
  const size = bytesOf(kind);
  const start = size === unit ? base : `(${base} >> 1)`;
  return `${memory}${views[kind]}[${further(start, offset / size)}]`;
};

/** The value at an address, or some lanes of a vector there. */
export const loadAccess = (
  writer: FunctionWriter,
  address: Address,
  type: Type,
  line: number,
  lanes?: ReadonlyArray<number>,
): Value => {
  const { lines, module } = writer;
  const all = memorySlotsOf(type);
  const slots = lanes === undefined ? all : [...new Set(lanes)].sort().map((lane) => all[lane]);
  const chosen = (values: Value): Value =>
    lanes === undefined ? values : lanes.map((lane) => values[slots.indexOf(all[lane])]);
  if (address.array !== undefined) {
    const base = lines.atom(counted(address, 1), "u32");
    return chosen(slots.map((slot) => {
      const element = `${address.array}[${further(base, all.indexOf(slot))}]`;
      return lines.kept(slot.kind === "bool" ? `${element} !== 0` : element, slot.kind);
    }));
  }
  const memory = module.memory(address.root)!;
  const { space, writable = false } = address.root;
  const unit = unitOf(address.root.type);
  const base = lines.atom(counted(address, unit), "u32");
  if (space === "uniform") return chosen(slots.map((slot) => viewed(memory, slot, base, unit)));
  for (const [first, count] of runsOf(slots, unit)) {
    const start = further(base, first);
    if (space === "workgroup") lines.add(`readShared(${memory}, ${start}, ${count}, ${line}, lane);`);
    else {
      if (module.options.watchesStorage) {
        const words = Array.from({ length: count }, (_, i) => {
          const at = further(base, first + i);
          return `${memory}w[${unit === 2 ? `(${at}) >> 1` : at}]`;
        });
        lines.add(`if ((${words.join(" & ")}) === 0) unwritten(${line}, ${memory}, ${start}, lane);`);
      }
      if (writable) lines.add(`readStorage(${memory}, ${start}, ${count}, ${line}, lane);`);
    }
  }
  return chosen(slots.map((slot) => {
    const element = viewed(memory, slot, base, unit);
    return lines.kept(slot.kind === "bool" ? `${element} !== 0` : element, slot.kind);
  }));
};

/** Writes a value to an address. */
export const store = (writer: FunctionWriter, address: Address, type: Type, values: Value, line: number): void => {
  const { lines, module } = writer;
  const number = (i: number, kind: Kind) => kind === "bool" ? `${values[i]} ? 1 : 0` : values[i];
  if (address.array !== undefined) {
    const base = lines.atom(counted(address, 1), "u32");
    kindsOf(type).forEach((kind, i) => lines.add(`${address.array}[${further(base, i)}] = ${number(i, kind)};`));
    return;
  }
  const memory = module.memory(address.root)!;
  const unit = unitOf(address.root.type);
  const slots = memorySlotsOf(type);
  const base = lines.atom(counted(address, unit), "u32");
  const note = address.root.space === "workgroup" ? "writeShared" : "writeStorage";
  for (const [first, count] of runsOf(slots, unit)) {
    lines.add(`${note}(${memory}, ${further(base, first)}, ${count}, ${line}, lane);`);
  }
  slots.forEach((slot, i) => lines.add(`${viewed(memory, slot, base, unit)} = ${number(i, slot.kind)};`));
};
