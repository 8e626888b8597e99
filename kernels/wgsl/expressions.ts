/** Resolves expressions to typed nodes. */
import { resultOf, sharedArguments } from "./builtins.ts";
import { fits, literal, roundedConstant } from "./constants.ts";
import type { Node } from "./program.ts";
import type { Scope } from "./scope.ts";
import type { Expression } from "./syntax.ts";
import { isSame, type Scalar, scalar, scalarOf, type Type, typeName, u32, vector, withScalar } from "./types.ts";
import { WgslError } from "./wgsl_error.ts";

/** Whether a node can be assigned to. */
export const isReference = (node: Node): boolean => {
  switch (node.op) {
    case "variable":
      return node.variable.space === "function" || node.variable.space === "workgroup" ||
        (node.variable.space === "storage" && node.variable.writable === true);
    case "index":
    case "field":
      return isReference(node.of);
    case "swizzle":
      return node.lanes.length === 1 && isReference(node.of);
  }
  return false;
};

/** The checked node of an expression. */
export const resolveExpression = (scope: Scope, expression: Expression): Node => {
  const { line } = expression;
  switch (expression.kind) {
    case "number": {
      const { value, of } = literal(expression.text);
      if (!fits(value, of)) throw new WgslError(`${expression.text} is beyond the range of ${of}`, line);
      return { op: "constant", value, type: scalar(of), line };
    }
    case "name":
      if (expression.name === "true" || expression.name === "false") {
        return { op: "constant", value: expression.name === "true", type: scalar("bool"), line };
      }
      return scope.find(expression.name, line);
    case "template":
      throw new WgslError(`"${expression.name}" stands where a value is expected`, line);
    case "unary":
      return unary(expression.operator, resolveExpression(scope, expression.of), line);
    case "binary":
      return scope.module.binary(
        expression.operator,
        resolveExpression(scope, expression.left),
        resolveExpression(scope, expression.right),
        line,
      );
    case "index":
      return indexed(scope, resolveExpression(scope, expression.of), resolveExpression(scope, expression.index), line);
    case "member":
      return member(resolveExpression(scope, expression.of), expression.name, line);
    case "call":
      return call(scope, expression);
  }
};

const unary = (operator: string, of: Node, line: number): Node => {
  const element = scalarOf(of.type);
  if (operator === "&") {
    if (!isReference(of) && !(of.op === "variable" && of.variable.space === "storage")) {
      throw new WgslError("only a variable has an address", line);
    }
    return { op: "pointer", of, type: { kind: "pointer", to: of.type }, line };
  }
  const fits = operator === "!"
    ? element === "bool"
    : operator === "~"
    ? element === "i32" || element === "u32"
    : operator === "-" && element !== undefined && element !== "bool" && element !== "u32";
  if (!fits || (operator !== "-" && operator !== "!" && operator !== "~") || element === undefined) {
    throw new WgslError(`"${operator}" does not take ${typeName(of.type)}`, line);
  }
  if (of.op === "constant" && typeof of.value !== "object") {
    const value = operator === "!" ? !of.value : operator === "-" ? -of.value : ~Number(of.value);
    return {
      op: "constant",
      value: typeof value === "number" ? roundedConstant(value, element) : value,
      type: of.type,
      line,
    };
  }
  return { op: "unary", operator, of, type: of.type, line };
};

const indexed = (scope: Scope, of: Node, given: Node, line: number): Node => {
  const index = scalarOf(given.type) === "int" ? scope.module.fit(given, u32) : given;
  if (!isSame(index.type, u32) && !isSame(index.type, scalar("i32"))) {
    throw new WgslError(`an index is ${typeName(index.type)}, expected u32`, line);
  }
  if (of.type.kind === "array") {
    const { size } = of.type;
    if (index.op === "constant" && size !== undefined && Number(index.value) >= size) {
      throw new WgslError(`index ${index.value} is beyond the ${size} elements`, line);
    }
    return { op: "index", of, index, type: of.type.of, line };
  }
  if (of.type.kind !== "vector") throw new WgslError(`${typeName(of.type)} has no elements`, line);
  if (index.op !== "constant" || Number(index.value) >= of.type.size) {
    throw new WgslError("the index of a vector must be constant and within it", line);
  }
  return { op: "swizzle", of, lanes: [Number(index.value)], type: scalar(of.type.of), line };
};

const member = (of: Node, name: string, line: number): Node => {
  const { type } = of;
  if (type.kind === "struct") {
    const field = type.fields.findIndex((one) => one.name === name);
    if (field < 0) throw new WgslError(`${type.name} has no field "${name}"`, line);
    return { op: "field", of, field, type: type.fields[field].type, line };
  }
  if (type.kind === "vector" && /^([xyzw]{1,4}|[rgba]{1,4})$/.test(name)) {
    const lanes = [...name].map((letter) => "xyzw".includes(letter) ? "xyzw".indexOf(letter) : "rgba".indexOf(letter));
    if (lanes.every((lane) => lane < type.size)) {
      const size = lanes.length;
      const result = size === 1 ? scalar(type.of) : vector(size as 2 | 3 | 4, type.of);
      return { op: "swizzle", of, lanes, type: result, line };
    }
  }
  throw new WgslError(`${typeName(type)} has no member "${name}"`, line);
};

const call = (scope: Scope, expression: Expression & { readonly kind: "call" }): Node => {
  const { name, templates, line } = expression;
  const { module } = scope;
  const named: Expression = templates.length === 0
    ? { kind: "name", name, line }
    : { kind: "template", name, args: templates, line };
  // The layout of a matrix in memory is a keyword, not a value.
  const word = name.startsWith("subgroupMatrix")
    ? templates.flatMap((one) => one.kind === "name" && one.name.endsWith("_major") ? [one.name] : [])[0]
    : undefined;
  const args = expression.args.map((arg) => resolveExpression(scope, arg));
  if (module.declaration(name)?.kind === "fn") {
    const callee = module.function(name, line);
    if (callee.parameters.length !== args.length) {
      throw new WgslError(`"${name}" takes ${callee.parameters.length} values, found ${args.length}`, line);
    }
    const fitted = args.map((arg, i) => module.fit(arg, callee.parameters[i].type));
    return { op: "call", callee, args: fitted, type: callee.result, line };
  }
  if (name === "bitcast") return bitcast(module.type(templates[0]), module.fit(args[0]), line);
  const type = module.typeOrNone(named);
  if (type !== undefined) return construct(scope, type, args, line);
  const shared = sharedArguments(name);
  const fitted = [
    ...module.agree(args.slice(0, shared)),
    ...args.slice(shared).map((arg) => fitBehind(scope, name, arg)),
  ];
  const template = templates[0] === undefined ? undefined : module.typeOrNone(templates[0]);
  const result = resultOf(name, fitted.map((arg) => arg.type), template);
  if (result === undefined) throw new WgslError(`the function "${name}" is not known`, line);
  if (typeof result === "string") throw new WgslError(result, line);
  return { op: "builtin", name, args: fitted, type: result, line, ...(word === undefined ? {} : { word }) };
};

/** Fits a literal after the arguments that share a type: an index or count, or the exponent of `ldexp`. */
const fitBehind = (scope: Scope, name: string, arg: Node): Node =>
  scalarOf(arg.type) === "int" ? scope.module.fit(arg, scalar(name === "ldexp" ? "i32" : "u32")) : arg;

const bitcast = (type: Type, of: Node, line: number): Node => {
  const [to, from] = [scalarOf(type), scalarOf(of.type)];
  if (to === undefined || from === undefined || from === "bool" || !isSame(withScalar(of.type, to), type)) {
    throw new WgslError(`bitcast of ${typeName(of.type)} to ${typeName(type)}`, line);
  }
  return to === from ? of : { op: "bitcast", of, type, line };
};

const construct = (scope: Scope, type: Type, args: ReadonlyArray<Node>, line: number): Node => {
  const { module } = scope;
  const wrong = () =>
    new WgslError(`${typeName(type)} is not made of (${args.map((arg) => typeName(arg.type)).join(", ")})`, line);
  if (args.length === 0) {
    return type.kind === "scalar"
      ? { op: "constant", value: type.of === "bool" ? false : 0, type, line }
      : { op: "zero", type, line };
  }
  switch (type.kind) {
    case "scalar":
      if (args.length !== 1 || args[0].type.kind !== "scalar") throw wrong();
      return converted(scope, args[0], type, line);
    case "vector": {
      if (args.length === 1 && args[0].type.kind === "vector") {
        if (args[0].type.size !== type.size) throw wrong();
        return converted(scope, args[0], type, line);
      }
      const parts = args.map((arg) => arg.type.kind === "scalar" ? module.fit(arg, scalar(type.of)) : arg);
      if (parts.some((part) => scalarOf(part.type) !== type.of)) throw wrong();
      const filled = parts.reduce((sum, part) => sum + (part.type.kind === "vector" ? part.type.size : 1), 0);
      if (filled !== type.size && !(parts.length === 1 && filled === 1)) throw wrong();
      return { op: "construct", args: parts, type, line };
    }
    case "struct":
      if (args.length !== type.fields.length) throw wrong();
      return { op: "construct", args: args.map((arg, i) => module.fit(arg, type.fields[i].type)), type, line };
    case "array":
      if (args.length !== type.size) throw wrong();
      return { op: "construct", args: args.map((arg) => module.fit(arg, type.of)), type, line };
  }
  throw wrong();
};

const converted = (scope: Scope, given: Node, type: Type, line: number): Node => {
  const to = scalarOf(type) as Scalar;
  const from = scalarOf(given.type);
  if (from === undefined) throw new WgslError(`${typeName(given.type)} cannot become ${typeName(type)}`, line);
  if (from === to) return given;
  if (given.op === "constant" && typeof given.value !== "object" && to !== "bool") {
    const value = Number(given.value);
    // Conversion of a float to an integer saturates.
    const held = to === "u32" && from !== "i32"
      ? Math.min(Math.max(Math.trunc(value), 0), 2 ** 32 - 1)
      : to === "i32" && from !== "u32"
      ? Math.min(Math.max(Math.trunc(value), -(2 ** 31)), 2 ** 31 - 1)
      : value;
    return { op: "constant", value: roundedConstant(held, to), type, line };
  }
  return { op: "convert", of: from === "int" || from === "float" ? scope.module.fit(given) : given, type, line };
};
