/** Kernels made by chance, the same for the same seed: declarations, assignments, loops and branches over random expressions. */
import { bindings } from "./kernel_text.ts";
import {
  given,
  type Kind,
  type Named,
  nameOf,
  RandomExpressions,
  type Scalar,
  scalars,
  sizes,
} from "./random_expressions.ts";

/** Words that each workgroup writes. */
export const results = 12;

/** Helpers of every program: bits without those of NaN, numbers without NaN, functions that leave early or keep arrays. */
const helpers = `
struct Pair { a: vec4f, b: vec3u, c: i32 }
var<workgroup> kept: array<vec4u, 4>;
var<workgroup> words: array<array<i32, 3>, 4>;
fn bitsOf(x: f32) -> u32 { return select(bitcast<u32>(x), 0x7fc00000u, x != x); }
fn sane1(x: f32) -> f32 { return select(0.5f, x, x == x); }
fn sane2(x: vec2f) -> vec2f { return select(vec2f(0.5f), x, x == x); }
fn sane3(x: vec3f) -> vec3f { return select(vec3f(0.5f), x, x == x); }
fn sane4(x: vec4f) -> vec4f { return select(vec4f(0.5f), x, x == x); }
fn early(x: u32, y: i32) -> i32 { if (x % 3u == 0u) { return y; } for (var i = 0u; i < 4u; i++) { if (x >> i < 9u) { return y - i32(i); } } return ~y; }
fn listed(x: vec4u, at: u32) -> u32 { var list: array<u32, 4>; list[0] = x.x; list[1] = x.w; list[at % 4u] += x.y; return list[(at + 1u) % 4u] ^ list[0]; }
fn counted(x: i32) -> i32 { words[1][2] += 1i; return words[1][2] * x; }
fn paired(p: Pair, x: f32) -> Pair { var q = p; q.a.y = x; q.c -= 3i; if (x > 0f) { q.b = q.b.zxy; return q; } return Pair(q.a.wzyx, q.b + vec3u(1u), q.c); }
`;

/** Makes one program. */
class RandomProgram extends RandomExpressions {
  #names = 0;
  #changed: Named[] = [];

  program(): string {
    const body = Array.from({ length: 4 }, () => this.declaration()).concat(this.statements(6, 2));
    const kinds = scalars.flatMap((of) => sizes.map((size): Kind => ({ of, size })));
    const ends: string[] = [];
    let at = 0;
    while (at < results) {
      const kind = this.one(kinds);
      const name = this.#fresh();
      ends.push(`let ${name} = ${this.expression(kind, 3)};`);
      for (let lane = 0; lane < kind.size && at < results; lane++) {
        const element = kind.size === 1 ? name : `${name}.${"xyzw"[lane]}`;
        ends.push(`result[group * ${results}u + ${at++}u] = ${asWord(element, kind.of)};`);
      }
    }
    return `${bindings}${helpers}
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) place: vec3u) {
  let group = place.x;
  for (var i = 0u; i < 4u; i++) { kept[i] = vec4u(i); for (var j = 0u; j < 3u; j++) { words[i][j] = i32(i * j); } }
${[...body, ...ends].map((line) => `  ${line}`).join("\n")}
}
`;
  }

  #fresh(): string {
    return `n${this.#names++}`;
  }

  declaration(): string {
    const kind = this.kind();
    const value = this.expression(kind, 2);
    const name = this.#fresh();
    this.scope.push({ name, kind });
    if (this.below(2) === 0) return `let ${name} = ${value};`;
    this.#changed.push({ name, kind });
    return this.below(2) === 0 ? `var ${name} = ${value};` : `var ${name}: ${nameOf(kind)} = ${value};`;
  }

  #kept(of: Scalar, value: string): string {
    const name = this.#fresh();
    this.scope.push({ name, kind: { of, size: 1 } });
    return `let ${name} = ${value};`;
  }

  /** Statements in a block of their own. */
  block(count: number, depth: number, more = ""): string {
    const [scope, changed] = [this.scope, this.#changed];
    this.scope = [...scope];
    this.#changed = [...changed];
    const body = this.statements(count, depth).join(" ");
    this.scope = scope;
    this.#changed = changed;
    return `{ ${body}${more} }`;
  }

  statements(count: number, depth: number): string[] {
    return Array.from({ length: count }, () => this.statement(depth));
  }

  statement(depth: number): string {
    const condition = () => this.expression({ of: "bool", size: 1 }, 2);
    switch (this.below(depth > 0 ? 9 : 6)) {
      case 0:
        return this.declaration();
      case 1:
        return this.below(3) === 0
          ? this.#kept("i32", `counted(${this.leaf({ of: "i32", size: 1 })})`)
          : this.assignment();
      case 2:
        return this.assignment();
      case 3:
        return `kept[${this.index(4)}]${this.one([".x", ".w", "[1]"])} ${this.one(["=", "+=", "^="])} ${
          this.expression({ of: "u32", size: 1 }, 2)
        };`;
      case 4:
        return `words[${this.index(4)}][${this.index(3)}] ${this.one(["=", "-=", "*="])} ${
          this.expression({ of: "i32", size: 1 }, 2)
        };`;
      case 5:
        return `kept[${this.index(4)}] = ${this.expression({ of: "u32", size: 4 }, 2)};`;
      case 6:
        return `if (${condition()}) ${this.block(2, depth - 1)}`;
      case 7:
        return `if (${condition()}) ${this.block(2, depth - 1)} else ${this.block(2, depth - 1)}`;
    }
    const name = this.#fresh();
    const leave = this.below(3) === 0 ? ` if (${condition()}) { ${this.one(["break", "continue"])}; }` : "";
    this.scope.push({ name, kind: { of: "u32", size: 1 } });
    const loop = `for (var ${name} = 0u; ${name} < ${1 + this.below(4)}u; ${name}++) ${
      this.block(2, depth - 1, leave)
    }`;
    this.scope.pop();
    return loop;
  }

  assignment(): string {
    if (this.#changed.length === 0) return ";";
    const { name, kind } = this.one(this.#changed);
    if (kind.size > 1 && this.below(3) === 0) {
      const lane = `${name}.${"xyzw"[this.below(kind.size)]}`;
      return `${lane} = ${this.expression({ of: kind.of, size: 1 }, 2)};`;
    }
    if (kind.of === "bool" || this.below(2) === 0) return `${name} = ${this.expression(kind, 3)};`;
    return `${name} ${this.one(kind.of === "f32" ? ["+", "-", "*"] : ["+", "-", "*", "^", "|", "&"])}= ${
      this.expression(kind, 2)
    };`;
  }
}

const asWord = (element: string, of: Scalar): string =>
  of === "f32" ? `bitsOf(${element})` : of === "bool" ? `select(0u, 1u, ${element})` : `u32(${element})`;

/** The text of the program of a seed: a kernel `main` of one invocation. */
export const randomProgram = (seed: number): string => new RandomProgram(seed).program();

/** Words for `groups` workgroups: small numbers, edges of whole numbers, floats of every kind. */
export const randomWords = (seed: number, groups: number): Uint32Array<ArrayBuffer> => {
  const maker = new RandomExpressions(seed);
  const edges = [0, 1, 2, 31, 32, 33, 0x7fffffff, 0x80000000, 0x80000001, 0xffffffff, 0xfffffffe];
  const floats = [0x3f800000, 0xbf800000, 0x3f000000, 0x7f800000, 0xff800000, 0x7fc00000, 1, 0x80000001, 0x00800000];
  return Uint32Array.from({ length: groups * given }, () => {
    switch (maker.below(5)) {
      case 0:
        return maker.one(edges);
      case 1:
        return maker.one(floats);
      case 2:
        return maker.below(10);
      case 3:
        return new Uint32Array(Float32Array.of((maker.below(2001) - 1000) / (1 + maker.below(16))).buffer)[0];
    }
    return maker.below(2 ** 16) * 65536 + maker.below(2 ** 16);
  });
};
