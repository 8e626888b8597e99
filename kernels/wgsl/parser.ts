/**
 * Recursive-descent parser of WGSL to the tree of `syntax.ts`; `expression_parser.ts` parses expressions. The subset has everything for compute
 * shaders except `switch`, `loop`, `while`, `override` and `private` variables, which no kernel uses. Anything else is a `WgslError` with its line.
 * Source: the grammar of the WebGPU Shading Language, W3C.
 */
import { ExpressionParser } from "./expression_parser.ts";
import type { Attribute, Block, Declaration, Expression, Named, Statement } from "./syntax.ts";
import { WgslError } from "./wgsl_error.ts";

const compound = new Set(["+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="]);

/** The declarations of `text`, in order. */
export const parseModule = (text: string): ReadonlyArray<Declaration> => {
  const parser = new Parser(text);
  const declarations: Declaration[] = [];
  while (!parser.atEnd) {
    const declaration = parser.declaration();
    if (declaration !== undefined) declarations.push(declaration);
  }
  return declarations;
};

class Parser extends ExpressionParser {
  declaration(): Declaration | undefined {
    if (this.skip(";")) return undefined;
    const attributes = this.#attributes();
    const { text, line } = this.next;
    switch (text) {
      case "enable":
      case "requires": {
        this.take();
        return { kind: "enable", names: this.list(";", () => this.word()), line };
      }
      case "alias": {
        this.take();
        const name = this.word();
        this.expect("=");
        const type = this.#type();
        this.expect(";");
        return { kind: "alias", name, type, line };
      }
      case "const": {
        this.take();
        const { name, type } = this.#nameAndType();
        this.expect("=");
        const value = this.expression();
        this.expect(";");
        return { kind: "const", name, type, value, line };
      }
      case "var":
        return this.#moduleVariable(attributes);
      case "struct": {
        this.take();
        const name = this.word();
        this.expect("{");
        return { kind: "struct", name, fields: this.list("}", () => this.#named()), line };
      }
      case "fn":
        return this.#function(attributes);
    }
    throw this.unexpected("a declaration");
  }

  #moduleVariable(attributes: ReadonlyArray<Attribute>): Declaration {
    const { line } = this.take();
    if (this.next.kind === "word") {
      throw new WgslError(`"${this.next.text}" has no address space; textures and samplers are not understood`, line);
    }
    this.expect("<");
    const [space, access] = this.list(">", () => this.word());
    const { name, type } = this.#nameAndType();
    if (type === undefined) throw this.unexpected("a type");
    this.expect(";");
    return { kind: "var", name, space, access, type, attributes, line };
  }

  #function(attributes: ReadonlyArray<Attribute>): Declaration {
    const { line } = this.take();
    const name = this.word();
    this.expect("(");
    const parameters = this.list(")", () => this.#named());
    const result = this.skip("->") ? this.#type() : undefined;
    return { kind: "fn", name, parameters, result, body: this.#block(), attributes, line };
  }

  #named(): Named {
    const attributes = this.#attributes();
    const { line } = this.next;
    const { name, type } = this.#nameAndType();
    if (type === undefined) throw this.unexpected("a type");
    return { name, type, attributes, line };
  }

  #attributes(): ReadonlyArray<Attribute> {
    const attributes: Attribute[] = [];
    while (this.skip("@")) {
      const name = this.word();
      attributes.push({ name, args: this.skip("(") ? this.list(")", () => this.expression()) : [] });
    }
    return attributes;
  }

  #nameAndType(): { readonly name: string; readonly type: Expression | undefined } {
    const name = this.word();
    return { name, type: this.skip(":") ? this.#type() : undefined };
  }

  #type(): Expression {
    const type = this.type();
    if (this.next.text !== "<") return type;
    throw new WgslError(`the type "${type.name}" is not known`, type.line);
  }

  #block(): Block {
    this.expect("{");
    const body: Statement[] = [];
    while (!this.skip("}")) {
      if (this.skip(";")) continue;
      body.push(this.#statement());
    }
    return body;
  }

  #statement(): Statement {
    const { text, line } = this.next;
    switch (text) {
      case "{":
        return { kind: "block", body: this.#block(), line };
      case "if":
        return this.#conditional();
      case "for":
        return this.#loop();
      case "return": {
        this.take();
        const value = this.next.text === ";" ? undefined : this.expression();
        this.expect(";");
        return { kind: "return", value, line };
      }
      case "break":
      case "continue":
        this.take();
        this.expect(";");
        return { kind: text, line };
      case "switch":
      case "loop":
      case "while":
      case "discard":
      case "const_assert":
        throw new WgslError(`"${text}" is not understood`, line);
    }
    const statement = this.#simple();
    this.expect(";");
    return statement;
  }

  /** A declaration, assignment or call: the statements allowed in a loop's head. */
  #simple(): Statement {
    const { text, line } = this.next;
    if (text === "let" || text === "var" || text === "const") {
      this.take();
      const { name, type } = this.#nameAndType();
      const value = this.skip("=") ? this.expression() : undefined;
      if (value === undefined && (text !== "var" || type === undefined)) throw this.unexpected('"="');
      return { kind: "declare", how: text, name, type, value, line };
    }
    if (text === "_") {
      this.take();
      this.expect("=");
      return { kind: "assign", to: undefined, operator: undefined, value: this.expression(), line };
    }
    const to = this.unary();
    if (this.next.text === "++" || this.next.text === "--") {
      const operator = this.take().text[0];
      return { kind: "assign", to, operator, value: { kind: "number", text: "1", line }, line };
    }
    if (compound.has(this.next.text)) {
      const operator = this.take().text.slice(0, -1);
      return { kind: "assign", to, operator, value: this.expression(), line };
    }
    if (this.skip("=")) return { kind: "assign", to, operator: undefined, value: this.expression(), line };
    if (to.kind === "call") return { kind: "call", call: to, line };
    throw this.unexpected("an assignment");
  }

  #conditional(): Statement {
    const { line } = this.take();
    const condition = this.expression();
    const then = this.#block();
    if (!this.skip("else")) return { kind: "if", condition, then, otherwise: [], line };
    const otherwise = this.next.text === "if" ? [this.#conditional()] : this.#block();
    return { kind: "if", condition, then, otherwise, line };
  }

  #loop(): Statement {
    const { line } = this.take();
    this.expect("(");
    const start = this.next.text === ";" ? [] : [this.#simple()];
    this.expect(";");
    const condition = this.next.text === ";" ? undefined : this.expression();
    this.expect(";");
    const update = this.next.text === ")" ? [] : [this.#simple()];
    this.expect(")");
    return { kind: "loop", start, condition, update, body: this.#block(), line };
  }
}
