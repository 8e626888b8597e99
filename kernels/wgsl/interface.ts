/**
 * The declarations of a shader that the host needs: its storage buffers and its `struct Params`. Only lines that start such a declaration are
 * parsed, which is fast; the compiler parses the functions.
 */
import { parseModule } from "./parser.ts";
import { WgslError } from "./wgsl_error.ts";

/** A storage buffer of group 0. */
export interface Binding {
  readonly name: string;
  readonly access: "read" | "read_write";
}

/** A number of `struct Params`. */
export interface ParamField {
  readonly name: string;
  readonly type: "u32" | "f32";
}

/** Storage buffers in binding order, and the fields of `Params` in order. */
export interface Interface {
  readonly bindings: ReadonlyArray<Binding>;
  readonly fields: ReadonlyArray<ParamField>;
}

const declarations = /^(?:struct Params\b[^}]*\}|@group\b[^;]*;)/gm;

/** The interface of a text, or why the host cannot use it. */
export const interfaceOf = (text: string): Interface | string => {
  try {
    return read(text);
  } catch (error) {
    if (error instanceof WgslError) return error.problem;
    throw error;
  }
};

const read = (text: string): Interface => {
  const parsed = parseModule(text.match(declarations)?.join("\n") ?? "");
  const fields: ParamField[] = [];
  const bindings: Binding[] = [];
  for (const declared of parsed) {
    if (declared.kind === "struct") {
      for (const { name, type, line } of declared.fields) {
        const number = type.kind === "name" ? type.name : "";
        if (number !== "u32" && number !== "f32") throw new WgslError(`"${name}" of Params is no u32 and no f32`, line);
        fields.push({ name, type: number });
      }
    }
    if (declared.kind !== "var" || declared.space !== "storage") continue;
    const { name, access = "read", attributes, line } = declared;
    const binding = attributes.find((one) => one.name === "binding")?.args[0];
    if (binding?.kind !== "number" || Number(binding.text) !== bindings.length) {
      throw new WgslError(`"${name}" should have binding ${bindings.length}`, line);
    }
    if (access !== "read" && access !== "read_write") throw new WgslError(`"${name}" has access "${access}"`, line);
    bindings.push({ name, access });
  }
  return { bindings, fields };
};
