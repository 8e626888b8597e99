/** Addresses of expressions in memory or in arrays of slots, with bounds checks of indices. */
import type { Node, Variable } from "../../wgsl/program.ts";
import { strideOf } from "../../wgsl/types.ts";
import type { FunctionWriter } from "./function_writer.ts";
import { bytesOf, memorySlotsOf, slotCount } from "./slots.ts";

/** An address: bytes from the start of a module variable, or slots from the start of a local array. */
export interface Address {
  readonly root: Variable;
  /** The local array; undefined for memory. */
  readonly array: string | undefined;
  /** Index values with their step sizes. */
  readonly terms: ReadonlyArray<readonly [value: string, step: number]>;
  readonly constant: number;
}

/** The variable that a place belongs to; undefined for a value. */
export const rootOf = (node: Node): Variable | undefined => {
  switch (node.op) {
    case "variable":
      return node.variable;
    case "index":
    case "field":
    case "swizzle":
      return rootOf(node.of);
    default:
      return undefined;
  }
};

/** The address of a part of a variable in memory or in an array. */
export const addressOf = (writer: FunctionWriter, node: Node): Address => {
  switch (node.op) {
    case "field": {
      const { type } = node.of;
      const inner = addressOf(writer, node.of);
      if (type.kind !== "struct") return inner;
      const { fields } = type;
      const step = inner.array === undefined
        ? fields[node.field].offset
        : fields.slice(0, node.field).reduce((sum, field) => sum + slotCount(field.type), 0);
      return { ...inner, constant: inner.constant + step };
    }
    case "swizzle": {
      const inner = addressOf(writer, node.of);
      const step = inner.array === undefined ? bytesOf(memorySlotsOf(node.type)[0].kind) : 1;
      return { ...inner, constant: inner.constant + node.lanes[0] * step };
    }
    case "index": {
      const { type } = node.of;
      const inner = addressOf(writer, node.of);
      if (type.kind !== "array") return inner;
      const step = inner.array === undefined ? strideOf(type.of) : slotCount(type.of);
      const [index] = writer.kept(node.index);
      if (/^\d+$/.test(index) && type.size !== undefined && Number(index) < type.size) {
        return { ...inner, constant: inner.constant + Number(index) * step };
      }
      const count = type.size === undefined ? `${writer.module.memory(inner.root)}n` : String(type.size);
      writer.lines.add(
        `if (${index} >>> 0 >= ${count}) outside(${node.line}, "${inner.root.name}", ${index}, ${count}, lane);`,
      );
      return { ...inner, terms: [...inner.terms, [index, step]] };
    }
    default: {
      const root = rootOf(node)!;
      return { root, array: writer.arrayOf(root), terms: [], constant: 0 };
    }
  }
};

/** The address in units of `unit` bytes or slots. */
export const counted = ({ terms, constant }: Address, unit: number): string => {
  const parts = terms.map(([value, step]) => step === unit ? value : `${value} * ${step / unit}`);
  if (constant !== 0 || parts.length === 0) parts.push(String(constant / unit));
  return parts.length === 1 && /^\w+$/.test(parts[0]) ? parts[0] : `(${parts.join(" + ")})`;
};

/** The expression `count + more`. */
export const further = (count: string, more: number): string =>
  more === 0 ? count : /^\d+$/.test(count) ? String(Number(count) + more) : `${count} + ${more}`;
