/**
 * Checks a parsed WGSL module: resolves names, types expressions, computes constants and drops branches that a constant excludes. Anything unknown
 * or ill-typed is a `WgslError` with its line. Source: the type rules of the WebGPU Shading Language, W3C.
 */
import { isReference, resolveExpression } from "./expressions.ts";
import { parseModule } from "./parser.ts";
import type { FunctionBody, Node, Program, Step, Variable } from "./program.ts";
import { Scope } from "./scope.ts";
import { isConstant, Module } from "./module.ts";
import type { Block, Declaration, Statement } from "./syntax.ts";
import { bool, isSame, none, type Type, typeName, u32, vector } from "./types.ts";
import { WgslError } from "./wgsl_error.ts";

/** The checked program of `text` with its compute function `entry`. */
export const resolve = (text: string, entry: string): Program => {
  const module = moduleOf(text);
  const declared = module.declaration(entry);
  if (declared?.kind !== "fn" || !declared.attributes.some(({ name }) => name === "compute")) {
    throw new WgslError(`no compute function "${entry}"`, declared?.line ?? 1);
  }
  const body = module.function(entry, declared.line);
  const sizes = declared.attributes.find(({ name }) => name === "workgroup_size")?.args.map((size) =>
    module.count(size)
  );
  const [x, y = 1, z = 1] = sizes ?? [];
  if (x === undefined) throw new WgslError(`"${entry}" has no workgroup size`, declared.line);
  const variables = module.variables();
  const bindings = variables.filter(({ binding }) => binding !== undefined).sort((a, b) => a.binding! - b.binding!);
  bindings.forEach(({ binding, name }, i) => {
    if (binding !== i) throw new WgslError(`"${name}" has binding ${binding}, expected ${i}`, 1);
  });
  return {
    entry: body,
    workgroupSize: [x, y, z],
    bindings,
    workgroup: variables.filter(({ space }) => space === "workgroup"),
    enabled: module.enabled,
  };
};

/** The functions, by name, of a text without an entry point (a library). */
export const resolveFunctions = (text: string): ReadonlyMap<string, FunctionBody> => {
  const module = moduleOf(text);
  return new Map(
    module.declarations.filter(({ kind }) => kind === "fn").map((declared) => {
      const { name } = declared as Declaration & { readonly kind: "fn" };
      return [name, module.function(name, declared.line)];
    }),
  );
};

const moduleOf = (text: string): Module => new Module(parseModule(text), bodyOf);

/** Builtin values that are `vec3u`; the others are `u32`. */
const vectors = new Set(["workgroup_id", "num_workgroups", "local_invocation_id", "global_invocation_id"]);

/** The body of a function, checked in the scope of its parameters. */
const bodyOf = (module: Module, declared: Declaration & { readonly kind: "fn" }): FunctionBody => {
  const scope = new Scope(module);
  const parameters = declared.parameters.map(({ name, type, attributes, line }): Variable => {
    const builtin = attributes.find((attribute) => attribute.name === "builtin")?.args[0];
    const given = module.type(type);
    const wanted = builtin?.kind !== "name" ? given : vectors.has(builtin.name) ? vector(3, "u32") : u32;
    if (!isSame(given, wanted)) {
      throw new WgslError(`"${name}" is ${typeName(given)}, expected ${typeName(wanted)}`, line);
    }
    return scope.declare({
      name,
      type: given,
      ...(builtin?.kind === "name" ? { space: "input", builtin: builtin.name } : { space: "parameter" }),
    }, line);
  });
  const result = declared.result === undefined ? none : module.type(declared.result);
  const body = stepsOf(scope, declared.body, result);
  if (result !== none && body.at(-1)?.op !== "return") {
    throw new WgslError(`"${declared.name}" does not end with a return`, declared.line);
  }
  return { name: declared.name, parameters, result, body };
};

const stepsOf = (scope: Scope, block: Block, result: Type): ReadonlyArray<Step> =>
  block.flatMap((statement) => stepOf(scope, statement, result) ?? []);

const conditionOf = (scope: Scope, condition: Statement & { readonly kind: "if" | "loop" }): Node | undefined => {
  if (condition.condition === undefined) return undefined;
  const node = resolveExpression(scope, condition.condition);
  if (!isSame(node.type, bool)) {
    throw new WgslError(`a condition is ${typeName(node.type)}, expected bool`, condition.line);
  }
  return node;
};

const stepOf = (scope: Scope, statement: Statement, result: Type): Step | undefined => {
  const { line } = statement;
  switch (statement.kind) {
    case "declare": {
      const wanted = statement.type === undefined ? undefined : scope.module.type(statement.type);
      const value = statement.value && scope.module.fit(resolveExpression(scope, statement.value), wanted);
      if (statement.how === "const") {
        if (!isConstant(value!)) throw new WgslError(`"${statement.name}" is not constant`, line);
        scope.name(statement.name, value!, line);
        return undefined;
      }
      const type = wanted ?? value!.type;
      const space = statement.how === "let" ? "let" : "function";
      return { op: "declare", variable: scope.declare({ name: statement.name, type, space }, line), value, line };
    }
    case "assign": {
      const value = resolveExpression(scope, statement.value);
      if (statement.to === undefined) return { op: "evaluate", value, line };
      const to = resolveExpression(scope, statement.to);
      if (!isReference(to)) throw new WgslError("this cannot be assigned to", line);
      const { operator } = statement;
      if (operator === undefined) return { op: "assign", to, operator, value: scope.module.fit(value, to.type), line };
      const sum = scope.module.binary(operator, to, value, line);
      if (sum.op !== "binary" || !isSame(sum.type, to.type)) {
        throw new WgslError(`"${operator}=" does not fit ${typeName(to.type)}`, line);
      }
      return { op: "assign", to, operator, value: sum.right, line };
    }
    case "if": {
      const condition = conditionOf(scope, statement)!;
      const then = stepsOf(scope.inner(), statement.then, result);
      const otherwise = stepsOf(scope.inner(), statement.otherwise, result);
      if (condition.op !== "constant") return { op: "if", condition, then, otherwise, line };
      return { op: "block", body: condition.value === true ? then : otherwise, line };
    }
    case "loop": {
      const head = scope.inner();
      const start = stepsOf(head, statement.start, result);
      const condition = conditionOf(head, statement);
      const update = stepsOf(head, statement.update, result);
      return { op: "loop", start, condition, update, body: stepsOf(head.inner(true), statement.body, result), line };
    }
    case "block":
      return { op: "block", body: stepsOf(scope.inner(), statement.body, result), line };
    case "return": {
      if ((statement.value === undefined) !== (result === none)) throw new WgslError("this return does not fit", line);
      const value = statement.value && scope.module.fit(resolveExpression(scope, statement.value), result);
      return { op: "return", value, line };
    }
    case "break":
    case "continue":
      if (!scope.inLoop) throw new WgslError(`"${statement.kind}" stands outside of a loop`, line);
      return { op: statement.kind, line };
    case "call":
      return { op: "evaluate", value: resolveExpression(scope, statement.call), line };
  }
};
