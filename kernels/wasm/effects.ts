/** The side effects of expressions and statements: writes and reads of memory, leaving a loop or a function. */
import type { FunctionBody, Node, Step } from "../wgsl/program.ts";

/** Whether an expression changes memory. */
export const hasEffects = (node: Node): boolean => {
  switch (node.op) {
    case "call":
      return isImpure(node.callee) || node.args.some((arg) => hasEffects(arg));
    case "builtin":
      return effects.has(node.name) || node.args.some((arg) => hasEffects(arg));
    case "construct":
      return node.args.some((arg) => hasEffects(arg));
    case "binary":
      return hasEffects(node.left) || hasEffects(node.right);
    case "index":
      return hasEffects(node.of) || hasEffects(node.index);
    case "constant":
    case "zero":
    case "variable":
      return false;
    default:
      return hasEffects(node.of);
  }
};

const isImpure = (callee: FunctionBody): boolean => {
  return anyStep(
    callee.body,
    (step) =>
      step.op === "assign"
        ? outside(step.to) || hasEffects(step.to) || hasEffects(step.value)
        : step.op === "declare" && step.variable.type.kind === "array"
        ? true
        : step.op === "evaluate" || step.op === "return" || step.op === "declare"
        ? step.value !== undefined && hasEffects(step.value)
        : (step.op === "if" || step.op === "loop") && step.condition !== undefined &&
          hasEffects(step.condition),
  );
};

const effects = new Set(["workgroupBarrier", "storageBarrier", "workgroupUniformLoad", "atomicAdd", "atomicLoad"]);

/** Whether a place is in memory: a variable that outlives the function, or an array, which has one address for all calls of the function. */
const outside = (node: Node): boolean =>
  node.op === "variable"
    ? node.variable.space === "storage" || node.variable.space === "workgroup" || node.variable.type.kind === "array"
    : (node.op === "index" || node.op === "field" || node.op === "swizzle") && outside(node.of);

/** Whether an expression reads memory. */
export const touchesMemory = (node: Node): boolean => {
  switch (node.op) {
    case "variable":
      return node.variable.space === "storage" || node.variable.space === "workgroup" ||
        node.variable.type.kind === "array";
    case "constant":
    case "zero":
      return false;
    case "index":
      return true;
    case "binary":
      return touchesMemory(node.left) || touchesMemory(node.right);
    case "construct":
    case "builtin":
      return node.args.some(touchesMemory);
    case "call":
      return true;
    default:
      return touchesMemory(node.of);
  }
};

/** Whether `is` holds for a step or one within it. */
const anyStep = (steps: ReadonlyArray<Step>, is: (step: Step) => boolean): boolean =>
  steps.some((step) =>
    is(step) ||
    (step.op === "if" && (anyStep(step.then, is) || anyStep(step.otherwise, is))) ||
    (step.op === "loop" && (anyStep(step.start, is) || anyStep(step.update, is) || anyStep(step.body, is))) ||
    (step.op === "block" && anyStep(step.body, is))
  );

/** Whether a step, or one within it, declares an array; arrays are in memory. */
export const declaresArray = (step: Step): boolean =>
  anyStep([step], (one) => one.op === "declare" && one.variable.type.kind === "array");

/** Whether a step leaves the function. */
export const returns = (step: Step): boolean => anyStep([step], ({ op }) => op === "return");

/** Whether a step continues the loop around it. */
export const continues = (step: Step): boolean =>
  step.op === "continue" ||
  (step.op === "if" && (step.then.some(continues) || step.otherwise.some(continues))) ||
  (step.op === "block" && step.body.some(continues));
