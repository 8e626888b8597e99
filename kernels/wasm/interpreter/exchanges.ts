/**
 * Combines exchanges of consecutive declarations, such as `let x = subgroupBroadcast(a.x, 0u); let y = subgroupBroadcast(a.y, 0u);`, into one wait,
 * because each wait of a generator saves and restores all its variables.
 */
import type { Node, Step, Variable } from "../../wgsl/program.ts";
import { exchange, isExchange } from "./collective_calls.ts";
import type { FunctionWriter } from "./function_writer.ts";
import { slotCount } from "./slots.ts";
import { slotsOfLane } from "./subgroup.ts";

type Call = Node & { readonly op: "builtin" };

/** Combines the exchanges in the leading declarations of `steps` that do not depend on each other. */
export const exchangeTogether = (writer: FunctionWriter, steps: ReadonlyArray<Step>): void => {
  const named = new Set<Variable>();
  const calls: Call[] = [];
  let slots = 0;
  for (const step of steps) {
    if (step.op !== "declare" || step.variable.space !== "let" || step.value === undefined) break;
    const found = exchangesIn(step.value);
    if (found.some((call) => writer.exchanged.has(call))) break;
    slots += found.reduce((sum, call) => sum + slotCount(call.type), 0);
    if (slots > slotsOfLane || !found.every(({ args }) => args.every((arg) => isKnown(writer, arg, named)))) break;
    calls.push(...found);
    named.add(step.variable);
  }
  if (calls.length < 2) return;
  const values = exchange(writer, calls);
  calls.forEach((call, i) => writer.exchanged.set(call, values[i]));
};

/** The exchanges in a value without other calls. */
const exchangesIn = (node: Node): ReadonlyArray<Call> => {
  switch (node.op) {
    case "builtin":
      return isExchange(node) ? [node] : [];
    case "construct":
      return node.args.flatMap(exchangesIn);
    case "convert":
    case "swizzle":
      return exchangesIn(node.of);
    default:
      return [];
  }
};

/** Whether a value can be computed before the declarations of `named`, without reading memory. */
const isKnown = (writer: FunctionWriter, node: Node, named: ReadonlySet<Variable>): boolean => {
  switch (node.op) {
    case "constant":
      return true;
    case "variable":
      return !named.has(node.variable) && writer.module.memory(node.variable) === undefined &&
        writer.arrayOf(node.variable) === undefined;
    case "swizzle":
    case "field":
      return isKnown(writer, node.of, named);
    default:
      return false;
  }
};
