/**
 * Expressions made by chance, the same for the same seed. Left out is what two machines may compute differently: fma, exp, log, `%` of floats, min
 * and max of NaN, indices beyond an array, reads beside calls that write. They call the functions of `random_program.ts`.
 */

/** What a number is. */
export type Scalar = "u32" | "i32" | "f32" | "bool";

/** The type of a value. */
export interface Kind {
  readonly of: Scalar;
  readonly size: 1 | 2 | 3 | 4;
}

/** A variable. */
export interface Named {
  readonly name: string;
  readonly kind: Kind;
}

/** Words that each workgroup reads. */
export const given = 8;

export const scalars: ReadonlyArray<Scalar> = ["u32", "i32", "f32", "bool"];
export const sizes = [1, 2, 3, 4] as const;

/** How WGSL writes a type. */
export const nameOf = ({ of, size }: Kind): string => size === 1 ? of : `vec${size}<${of}>`;
const isSame = (a: Kind, b: Kind): boolean => a.of === b.of && a.size === b.size;

/** Makes expressions. */
export class RandomExpressions {
  protected scope: Named[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number below `n`. */
  below(n: number): number {
    this.#state = (Math.imul(this.#state ^ this.#state >>> 15, 0x2c1b3c6d) + 0x9e3779b9) | 0;
    const mixed = Math.imul(this.#state ^ this.#state >>> 12, 0x297a2d39);
    return ((mixed ^ mixed >>> 15) >>> 0) % n;
  }

  one<A>(list: ReadonlyArray<A>): A {
    return list[this.below(list.length)];
  }

  kind(): Kind {
    return { of: this.one(scalars), size: this.one([1, 1, 1, 2, 3, 4, 4] as const) };
  }

  /** A number below `n` that no constant is. */
  index(n: number): string {
    return `${this.leaf({ of: "u32", size: 1 })} % ${n}u`;
  }

  /** An expression that is not constant. */
  expression(kind: Kind, depth: number): string {
    if (depth === 0) return this.leaf(kind);
    const { of, size } = kind;
    const same = () => this.expression(kind, depth - 1);
    const choice = this.below(12);
    if (choice === 0) return this.leaf(kind);
    if (choice === 1) return `select(${same()}, ${same()}, ${this.expression({ of: "bool", size }, depth - 1)})`;
    if (choice === 2 && size > 1) return this.made(kind, depth);
    if (choice === 3) return this.swizzle(kind, depth);
    if (choice === 4) return this.converted(kind, depth);
    if (choice === 5 && size === 1) return this.called(of, depth);
    return this.operated(kind, depth);
  }

  operated(kind: Kind, depth: number): string {
    const { of, size } = kind;
    const same = () => this.expression(kind, depth - 1);
    if (of === "bool") {
      const other = { of: this.one(scalars), size };
      const compare = () =>
        `(${this.expression(other, depth - 1)} ${
          this.one(other.of === "bool" ? ["==", "!="] : ["==", "!=", "<", "<=", ">", ">="])
        } ${this.expression(other, depth - 1)})`;
      if (size > 1) {
        return this.one([compare, () => `!${same()}`, () => `(${same()} ${this.one(["&", "|"])} ${same()})`])();
      }
      return this.one([
        compare,
        compare,
        () => `!${same()}`,
        () => `(${same()} ${this.one(["&&", "||"])} ${same()})`,
        () => `${this.one(["any", "all"])}(${this.expression({ of, size: this.one([2, 3, 4] as const) }, depth - 1)})`,
      ])();
    }
    const sane = (text: string) => of === "f32" ? `sane${size}(${text})` : text;
    const operators = of === "f32" ? ["+", "-", "*", "/"] : ["+", "-", "*", "/", "%", "&", "|", "^"];
    const mixed = () =>
      size > 1 && this.below(4) === 0
        ? `(${this.expression({ of, size: 1 }, depth - 1)} ${this.one(["+", "*", "-"])} ${same()})`
        : `(${same()} ${this.one(operators)} ${same()})`;
    const shifted = () =>
      of === "f32"
        ? mixed()
        : `(${same()} ${this.one(["<<", ">>"])} ${this.expression({ of: "u32", size }, depth - 1)})`;
    const signed = () =>
      of === "u32" ? `~${same()}` : of === "i32" ? `${this.one(["-", "~"])}(${same()})` : `-(${same()})`;
    return this.one([
      mixed,
      mixed,
      mixed,
      shifted,
      signed,
      () => `${this.one(["min", "max"])}(${sane(same())}, ${sane(same())})`,
      () => `clamp(${sane(same())}, ${sane(same())}, ${sane(same())})`,
      () => `abs(${same()})`,
      () => of === "f32" ? `${this.one(["sqrt", "floor", "ceil", "trunc", "round"])}(${same()})` : mixed(),
    ])();
  }

  /** A vector of smaller ones. */
  made({ of, size }: Kind, depth: number): string {
    const parts: string[] = [];
    for (let left: number = size; left > 0;) {
      const part = this.one(sizes.filter((some) => some <= left && some < size));
      parts.push(this.expression({ of, size: part }, depth - 1));
      left -= part;
    }
    return parts.length === 1 ? parts[0] : `vec${size}<${of}>(${parts.join(", ")})`;
  }

  swizzle({ of, size }: Kind, depth: number): string {
    const from = this.one([2, 3, 4] as const);
    const letters = this.one(["xyzw", "rgba"]);
    const pattern = Array.from({ length: size }, () => letters[this.below(from)]).join("");
    const source = this.expression({ of, size: from }, depth - 1);
    return size === 1 && this.below(3) === 0 ? `(${source})[${this.below(from)}]` : `(${source}).${pattern}`;
  }

  converted(kind: Kind, depth: number): string {
    const { of, size } = kind;
    const from = this.one(scalars.filter((other) => other !== of));
    const value = this.expression({ of: from, size }, depth - 1);
    if (from === "bool" || of === "bool" || from === "f32" || this.below(2) === 0) return `${nameOf(kind)}(${value})`;
    return `bitcast<${nameOf(kind)}>(${value})`;
  }

  /** A call that gives one number. */
  called(of: Scalar, depth: number): string {
    const next = (of: Scalar, size: Kind["size"] = 1) => this.expression({ of, size }, depth - 1);
    switch (of) {
      case "u32":
        return this.one([
          () => `listed(${next("u32", 4)}, ${next("u32")})`,
          () => `bitsOf(${next("f32")})`,
          () => `kept[${next("u32")} % 4u].${"xyzw"[this.below(4)]}`,
          () =>
            `paired(Pair(${next("f32", 4)}, ${next("u32", 3)}, ${next("i32")}), ${next("f32")}).b.${
              this.one(["x", "z"])
            }`,
        ])();
      case "i32":
        return this.one([
          () => `early(${next("u32")}, ${next("i32")})`,
          () => `words[${next("u32")} % 4u][${next("u32")} % 3u]`,
          () => `paired(Pair(${next("f32", 4)}, ${next("u32", 3)}, ${next("i32")}), ${next("f32")}).c`,
        ])();
      case "f32": {
        const size = this.one([2, 3, 4] as const);
        return this.one([
          () => `dot(${next("f32", size)}, ${next("f32", size)})`,
          () =>
            `paired(Pair(${next("f32", 4)}, ${next("u32", 3)}, ${next("i32")}), ${next("f32")}).a.${
              "xyzw"[this.below(4)]
            }`,
        ])();
      }
    }
    return `(given[${this.index(given)}] < 7u && given[${this.index(given)}] > ${next("u32")})`;
  }

  leaf(kind: Kind): string {
    const known = this.scope.filter((one) => isSame(one.kind, kind));
    if (known.length > 0 && this.below(3) > 0) return this.one(known).name;
    const word = () => `given[(group * ${given}u + ${this.below(given)}u) % params.n]`;
    const read = () =>
      kind.of === "u32" ? word() : kind.of === "bool" ? `(${word()} % 2u == 1u)` : `bitcast<${kind.of}>(${word()})`;
    if (kind.size === 1) return read();
    const all = this.below(2) === 0 ? [read()] : Array.from({ length: kind.size }, read);
    return `${nameOf(kind)}(${all.join(", ")})`;
  }
}
