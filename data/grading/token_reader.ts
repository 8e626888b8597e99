/** The token reader under `parser.ts`. */
import type { Expression } from "./expression.ts";
import type { Token } from "./tokens.ts";

const deepest = 60;

/** The result of a failed rule, and the left operand of a leading ±. */
export const nothing: Expression = { kind: "number", text: "0" };

/** A reader of tokens. A failure moves it past the last token, so that every rule ends at once. */
export class TokenReader {
  protected at = 0;
  protected failed = false;
  protected readonly tokens: Array<Token>;
  private depth = 0;

  constructor(tokens: ReadonlyArray<Token>) {
    this.tokens = [...tokens];
  }

  protected fail(): Expression {
    this.failed = true;
    this.at = this.tokens.length;
    return nothing;
  }

  protected is(kind: Token["kind"], text: string, ahead = 0): boolean {
    const token = this.tokens[this.at + ahead];
    return token !== undefined && token.kind === kind && token.text === text;
  }

  /** Consumes a sign or command if it is next. */
  protected take(...texts: ReadonlyArray<string>): boolean {
    const token = this.tokens[this.at];
    if (token === undefined || (token.kind !== "sign" && token.kind !== "command") || !texts.includes(token.text)) {
      return false;
    }
    this.at++;
    return true;
  }

  protected nested(rule: () => Expression): Expression {
    if (this.depth >= deepest) return this.fail();
    this.depth++;
    const found = rule();
    this.depth--;
    return found;
  }

  protected closed(inner: Expression, ...closers: ReadonlyArray<string>): Expression {
    return this.take(...closers) ? inner : this.fail();
  }

  /** A subscript as text: the joined tokens of a group, or one token. */
  protected label(): string {
    if (!this.take("{")) {
      const token = this.tokens[this.at];
      if (token === undefined) this.fail();
      else this.at++;
      return token?.text ?? "";
    }
    let text = "";
    for (let depth = 1; this.at < this.tokens.length; this.at++) {
      if (this.is("sign", "{")) depth++;
      else if (this.is("sign", "}") && --depth === 0) break;
      text += this.tokens[this.at].text;
    }
    if (!this.take("}")) this.fail();
    return text;
  }
}
