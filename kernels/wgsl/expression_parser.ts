/** Recursive-descent parser of WGSL's expressions and types. */
import type { Expression } from "./syntax.ts";
import { TokenStream } from "./token_stream.ts";

/** Names after which `<` starts a template list. */
const templated = new Set([
  "array",
  "atomic",
  "bitcast",
  "ptr",
  "vec2",
  "vec3",
  "vec4",
  "subgroup_matrix_left",
  "subgroup_matrix_right",
  "subgroup_matrix_result",
  "subgroupMatrixLoad",
  "subgroupMatrixStore",
]);

/** Binary operators by precedence, lowest first. */
const levels: ReadonlyArray<ReadonlyArray<string>> = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", ">", "<=", ">="],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];
/** The lowest precedence in a template list: additive, since `>` ends the list. */
const sums = 8;

/** Reads expressions from its tokens. */
export class ExpressionParser extends TokenStream {
  protected expression(level = 0): Expression {
    if (level === levels.length) return this.unary();
    let left = this.expression(level + 1);
    while (this.next.kind === "sign" && levels[level].includes(this.next.text)) {
      const { text, line } = this.take();
      left = { kind: "binary", operator: text, left, right: this.expression(level + 1), line };
    }
    return left;
  }

  protected unary(): Expression {
    const { text, line } = this.next;
    if (["-", "!", "~", "&", "*"].includes(text)) {
      this.take();
      return { kind: "unary", operator: text, of: this.unary(), line };
    }
    let value = this.#primary();
    for (;;) {
      const { line } = this.next;
      if (this.skip("[")) {
        const index = this.expression();
        this.expect("]");
        value = { kind: "index", of: value, index, line };
      } else if (this.skip(".")) value = { kind: "member", of: value, name: this.word(), line };
      else return value;
    }
  }

  #primary(): Expression {
    const { kind, text, line } = this.next;
    if (kind === "number") {
      this.take();
      return { kind: "number", text, line };
    }
    if (this.skip("(")) {
      const value = this.expression();
      this.expect(")");
      return value;
    }
    if (kind !== "word") throw this.unexpected("an expression");
    const named = this.type();
    if (!this.skip("(")) return named;
    const templates = named.kind === "template" ? named.args : [];
    return { kind: "call", name: text, templates, args: this.list(")", () => this.expression()), line };
  }

  /** A name, with its template list if it takes one. */
  protected type(): Expression & { readonly kind: "name" | "template" } {
    const { line } = this.next;
    const name = this.word();
    if (!templated.has(name) || !this.skip("<")) return { kind: "name", name, line };
    return { kind: "template", name, args: this.list(">", () => this.expression(sums)), line };
  }
}
