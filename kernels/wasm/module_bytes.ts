/** Encodes a WebAssembly module of one function over a shared 64-bit memory, and resolves its hoisted vectors. */
import { type Code, unsigned, type ValueType, valueTypes } from "./assembler.ts";

/** A module of one exported function `run(command, first, end: i32)` over a shared 64-bit memory. */
export interface ModuleParts {
  readonly locals: ReadonlyArray<ValueType>;
  readonly body: Code;
  /** Most pages of the memory. */
  readonly pages: number;
}

/** The module imports memory `memory`, i64 global `scratch` and function `fault(site, index: i32)`. */
export const moduleBytes = ({ locals, body, pages }: ModuleParts): Uint8Array<ArrayBuffer> => {
  const text = (value: string): Code => {
    const bytes = [...new TextEncoder().encode(value)];
    return [unsigned(bytes.length), bytes];
  };
  const section = (id: number, content: Code): Code => {
    const bytes = flat(content);
    return [id, unsigned(bytes.length), bytes];
  };
  const groups: { type: ValueType; count: number }[] = [];
  for (const type of locals) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ type, count: 1 });
  }
  const declared = groups.map(({ type, count }): Code => [unsigned(count), valueTypes[type]]);
  const code = flat([unsigned(groups.length), declared, body, 0x0b]);
  const i32 = valueTypes.i32;
  return Uint8Array.from(flat([
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(1, [2, [0x60, 3, i32, i32, i32, 0], [0x60, 2, i32, i32, 0]]),
    section(2, [
      3,
      [text("signum"), text("memory"), 0x02, 0x07, unsigned(1), unsigned(pages)],
      [text("signum"), text("scratch"), 0x03, valueTypes.i64, 0],
      [text("signum"), text("fault"), 0x00, 1],
    ]),
    section(3, [1, 0]),
    section(7, [1, [text("run"), 0x00, 1]]),
    section(10, [1, unsigned(code.length), code]),
  ]));
};

/** The words of all hoisted vectors in some code, each once. */
export const hoistedWords = (code: Code): ReadonlyArray<number> => {
  const words = new Set<number>();
  const visit = (part: Code) => {
    for (const item of part) {
      if (typeof item === "number") continue;
      if ("word" in item) words.add(item.word);
      else visit(item);
    }
  };
  visit(code);
  return [...words];
};

/** Code with each hoisted vector replaced by `read(word)`. */
export const settled = (code: Code, read: (word: number) => Code): Code =>
  code.map((item) => typeof item === "number" ? item : "word" in item ? read(item.word) : settled(item, read));

const flat = (code: Code): number[] => {
  const bytes: number[] = [];
  const add = (part: Code) => {
    for (const item of part) {
      if (typeof item === "number") bytes.push(item);
      else if ("word" in item) throw new Error("a constant vector has no local");
      else add(item);
    }
  };
  add(code);
  return bytes;
};
