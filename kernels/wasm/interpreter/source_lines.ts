/** The lines of a JavaScript function during generation, and variable names that are reused after their scope ends. */
import type { Kind } from "./slots.ts";

/** Expressions that cost nothing to repeat and never change: names, numbers, and words of a uniform. */
const isAtom = (expression: string): boolean => /^\w+$|^-?\d[\w.]*(e[-+]\d+)?$|^U\d+[fuih]\[\d+\]$/.test(expression);

const initial: Readonly<Record<Kind, string>> = {
  f32: "0",
  f16: "0",
  u32: "0",
  i32: "0",
  bool: "false",
  matrix: "null",
};

export class SourceLines {
  #lines: string[] = [];
  readonly #free = new Map<string, string[]>();
  readonly #declared: string[] = [];
  #scope: (readonly [pool: string, name: string])[] = [];

  add(line: string): void {
    this.#lines.push(line);
  }

  /** A variable for a slot, until the scope ends; its initial content is undefined. */
  name(kind: Kind): string {
    return this.#take(kind, initial[kind]);
  }

  /** A variable for an array of slots, until the scope ends. */
  array(size: number, isMatrix: boolean): string {
    return isMatrix
      ? this.#take(`matrices${size}`, `new Array(${size})`)
      : this.#take(`array${size}`, `new Float64Array(${size})`);
  }

  /** A name or number with the value of `expression`. */
  atom(expression: string, kind: Kind): string {
    return isAtom(expression) ? expression : this.kept(expression, kind);
  }

  /** A new variable that holds the value of `expression`. */
  kept(expression: string, kind: Kind): string {
    const name = this.name(kind);
    this.add(`${name} = ${expression};`);
    return name;
  }

  /** Runs `inside`; the names that it uses are free afterwards. */
  scoped<A>(inside: () => A): A {
    const outer = this.#scope;
    this.#scope = [];
    const made = inside();
    for (const [pool, name] of this.#scope) this.#pool(pool).push(name);
    this.#scope = outer;
    return made;
  }

  /** Runs `inside` and returns its lines without adding them. */
  apart<A>(inside: () => A): { readonly lines: ReadonlyArray<string>; readonly made: A } {
    const outer = this.#lines;
    this.#lines = [];
    const made = inside();
    const lines = this.#lines;
    this.#lines = outer;
    return { lines, made };
  }

  /** The function's text: its variables, then its lines. */
  text(): string {
    const variables = this.#declared.length === 0 ? [] : [`let ${this.#declared.join(", ")};`];
    return [...variables, ...this.#lines].join("\n");
  }

  #take(pool: string, start: string): string {
    const free = this.#pool(pool).pop();
    const name = free ?? `${pool}_${this.#declared.length}`;
    if (free === undefined) this.#declared.push(`${name} = ${start}`);
    this.#scope.push([pool, name]);
    return name;
  }

  #pool(pool: string): string[] {
    let names = this.#free.get(pool);
    if (names === undefined) this.#free.set(pool, names = []);
    return names;
  }
}
