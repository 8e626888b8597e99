/** The supported builtin functions and their result types. */
import { isSame, none, scalar, scalarOf, type Type, typeName, vector, withScalar } from "./types.ts";

/** Functions of floats, element by element, with their number of arguments; arguments have the type of the result. */
const floats: Readonly<Record<string, number>> = {
  fma: 3,
  exp: 1,
  log: 1,
  sqrt: 1,
  inverseSqrt: 1,
  floor: 1,
  ceil: 1,
  round: 1,
  trunc: 1,
};

/** Functions of any numbers, element by element. */
const numbers: Readonly<Record<string, number>> = { min: 2, max: 2, abs: 1, clamp: 3 };

/** Subgroup functions of one value. */
const subgroup: Readonly<Record<string, number>> = { subgroupMax: 1, subgroupMin: 1, subgroupAdd: 1 };

/** Number of leading arguments of a builtin function that share a type; literals among them take it. */
export const sharedArguments = (name: string): number =>
  floats[name] ?? numbers[name] ?? (name === "select" ? 2 : name === "subgroupMatrixMultiplyAccumulate" ? 0 : 1);

const isFloat = (type: Type) => scalarOf(type) === "f32" || scalarOf(type) === "f16";
const isNumber = (type: Type) => isFloat(type) || scalarOf(type) === "i32" || scalarOf(type) === "u32";
const is = (type: Type | undefined, name: string) => type !== undefined && typeName(type) === name;

/**
 * The result type of a builtin function, `undefined` for an unknown function, an error text if the arguments do not fit. `template` is the type in
 * angle brackets.
 */
export const resultOf = (
  name: string,
  args: ReadonlyArray<Type>,
  template: Type | undefined,
): Type | string | undefined => {
  const fits = (condition: boolean, result: Type): Type | string =>
    condition ? result : `"${name}" does not take (${args.map(typeName).join(", ")})`;
  const equal = args.length > 0 && args.every((type) => isSame(type, args[0]));
  const first = args[0] ?? none;
  if (name in floats) return fits(args.length === floats[name] && equal && isFloat(first), first);
  if (name in numbers) return fits(args.length === numbers[name] && equal && isNumber(first), first);
  if (name in subgroup) return fits(args.length === 1 && isNumber(first), first);
  switch (name) {
    case "select": {
      const scalarCondition = is(args[2], "bool");
      const fitting = args.length === 3 && isSame(args[0], args[1]) &&
        (scalarCondition || (first.kind === "vector" && isSame(args[2], withScalar(first, "bool"))));
      return fits(fitting, first);
    }
    case "ldexp":
      return fits(args.length === 2 && isFloat(first) && isSame(args[1], withScalar(first, "i32")), first);
    case "dot":
      return fits(args.length === 2 && equal && first.kind === "vector" && isFloat(first), scalar("f32"));
    case "any":
    case "all":
      return fits(args.length === 1 && scalarOf(first) === "bool", scalar("bool"));
    case "pack2x16float":
      return fits(args.length === 1 && is(first, "vec2<f32>"), scalar("u32"));
    case "unpack2x16float":
      return fits(args.length === 1 && is(first, "u32"), vector(2, "f32"));
    case "workgroupBarrier":
    case "storageBarrier":
      return fits(args.length === 0, none);
    case "workgroupUniformLoad":
      return first.kind === "pointer" ? fits(args.length === 1, first.to) : fits(false, none);
    case "atomicMax":
    case "atomicMin":
    case "atomicAdd":
    case "atomicOr":
      return first.kind === "pointer" && first.to.kind === "atomic"
        ? fits(args.length === 2 && is(args[1], first.to.of), scalar(first.to.of))
        : fits(false, none);
    case "atomicLoad":
      return first.kind === "pointer" && first.to.kind === "atomic" ? scalar(first.to.of) : fits(false, none);
    case "subgroupBroadcast":
    case "subgroupShuffle":
    case "subgroupShuffleXor":
      return fits(args.length === 2 && isNumber(first) && is(args[1], "u32"), first);
    case "subgroupMatrixLoad": {
      const fitting = args.length === 3 && first.kind === "pointer" && is(args[1], "u32") && is(args[2], "u32");
      return template?.kind === "matrix" ? fits(fitting, template) : fits(false, none);
    }
    case "subgroupMatrixStore":
      return fits(args.length === 4 && first.kind === "pointer" && args[2].kind === "matrix", none);
    case "subgroupMatrixMultiplyAccumulate": {
      const [a, b, c] = args;
      const fitting = a?.kind === "matrix" && b?.kind === "matrix" && c?.kind === "matrix" && a.role === "left" &&
        b.role === "right" && c.role === "result" && a.columns === b.rows && a.rows === c.rows &&
        b.columns === c.columns;
      return fits(fitting, c ?? none);
    }
  }
  return undefined;
};
