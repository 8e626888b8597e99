/** Writes calls of builtin functions of numbers; those of workgroups and subgroups are in `collective_calls.ts`. */
import type { Node } from "../../wgsl/program.ts";
import { writeCollective } from "./collective_calls.ts";
import { stop } from "./fault.ts";
import type { FunctionWriter, Value } from "./function_writer.ts";
import { roundedSource } from "./operators.ts";
import { type Kind, kindsOf } from "./slots.ts";

type Call = Node & { readonly op: "builtin" };

/** Functions of floats, before rounding. */
const floats: Readonly<Record<string, (a: string) => string>> = {
  exp: (a) => `exp(${a})`,
  log: (a) => `log(${a})`,
  sqrt: (a) => `Math.sqrt(${a})`,
  inverseSqrt: (a) => `1 / Math.sqrt(${a})`,
  floor: (a) => `Math.floor(${a})`,
  ceil: (a) => `Math.ceil(${a})`,
  trunc: (a) => `Math.trunc(${a})`,
  round: (a) => `nearest(${a})`,
};

const isFloat = (kind: Kind): boolean => kind === "f32" || kind === "f16";
const least = (a: string, b: string, kind: Kind): string => `${isFloat(kind) ? "least" : "Math.min"}(${a}, ${b})`;
const most = (a: string, b: string, kind: Kind): string => `${isFloat(kind) ? "most" : "Math.max"}(${a}, ${b})`;

export const writeBuiltin = (writer: FunctionWriter, node: Call): Value => {
  const { name, args, type, line } = node;
  const kinds = kindsOf(type);
  const chosen = name === "select" && args[2].op === "constant" ? args[args[2].value === true ? 1 : 0] : undefined;
  // A branch that a constant excludes is not evaluated, as compilers drop its reads too.
  if (chosen !== undefined) return writer.value(chosen);
  const [first, second, third] = /^(workgroup|storage|atomic|subgroup)/.test(name)
    ? []
    : args.map((arg) => writer.value(arg));
  const each = (of: (i: number, kind: Kind) => string): Value => kinds.map((kind, i) => of(i, kind));
  if (name in floats) return each((i, kind) => roundedSource(floats[name](first[i]), kind));
  switch (name) {
    case "fma":
      // The product of two float32 is exact in float64; the sum is rounded twice, which rarely changes the result.
      return each((i, kind) => roundedSource(`${first[i]} * ${second[i]} + ${third[i]}`, kind));
    case "min":
      return each((i, kind) => least(first[i], second[i], kind));
    case "max":
      return each((i, kind) => most(first[i], second[i], kind));
    case "clamp":
      return each((i, kind) => least(most(first[i], second[i], kind), third[i], kind));
    case "abs":
      return each((i, kind) =>
        kind === "u32" ? first[i] : kind === "i32" ? `(Math.abs(${first[i]}) | 0)` : `Math.abs(${first[i]})`
      );
    case "select": {
      const condition = third.length === 1 ? kinds.map(() => writer.lines.atom(third[0], "bool")) : third;
      return each((i) => `(${condition[i]} ? ${second[i]} : ${first[i]})`);
    }
    case "ldexp":
      return each((i, kind) => roundedSource(`scale(${first[i]}, ${second[i]})`, kind));
    case "dot":
      return [
        first.reduce(
          (sum, one, i) =>
            i === 0
              ? roundedSource(`${one} * ${second[i]}`, "f32")
              : roundedSource(`${sum} + F(${one} * ${second[i]})`, "f32"),
          "",
        ),
      ];
    case "any":
      return [`(${first.join(" || ")})`];
    case "all":
      return [`(${first.join(" && ")})`];
    case "pack2x16float":
      return [`packHalves(${first[0]}, ${first[1]})`];
    case "unpack2x16float": {
      const word = writer.lines.atom(first[0], "u32");
      return [`lowHalf(${word})`, `highHalf(${word})`];
    }
  }
  return writeCollective(writer, node) ?? stop(`line ${line}: the function "${name}" is not understood`);
};
