/**
 * The parser of formulas in LaTeX or plain text: `\frac12`, `3\sqrt{2}`, `2(x+1)`, `x^2`, `5!`, `\binom{5}{2}`, `2 \frac{1}{3}` (a mixed
 * number), `0.\overline{3}`, `2516_8`, `30^\circ`, `|x|`, `\sin^2 x`, `\pm`, `f(x)`, `\gcd(m, n)`. It parses the whole text or gives null,
 * so nothing is compared in part.
 */
import { type Expression, juxtaposed } from "./expression.ts";
import { functionLetters } from "./function_letters.ts";
import { isCondition, isDerivative, multipliesVectors } from "./token_shapes.ts";
import { nothing, TokenReader } from "./token_reader.ts";
import {
  accents,
  calculated,
  functions,
  greek,
  openers,
  operators,
  quantifiers,
  type Token,
  tokenize,
} from "./tokens.ts";

const longest = 600;

/** The formula of a text, or null if the text is not entirely a formula, has more than 600 tokens or is nested deeper than 60. */
export function parseFormula(text: string): Expression | null {
  const tokens = tokenize(text, longest);
  return tokens === null || tokens.length === 0 || multipliesVectors(tokens) ? null : new Parser(tokens).whole();
}

/** Commands that open a function, with its name and its closing signs. */
const paired: Readonly<Record<string, readonly [name: string, ...closers: ReadonlyArray<string>]>> = {
  lfloor: ["floor", "rfloor"],
  lceil: ["ceil", "rceil"],
  lvert: ["abs", "rvert", "vert"],
  vert: ["abs", "rvert", "vert"],
};

/** A recursive descent parser. A failure moves the reader past the last token, so that every rule ends at once and `whole` gives null. */
class Parser extends TokenReader {
  /** The number of open bars since the last bracket; the next bar closes one. */
  private bars = 0;
  private readonly letters: ReadonlySet<string>;

  constructor(tokens: ReadonlyArray<Token>) {
    super(tokens);
    this.letters = functionLetters(tokens);
  }

  whole(): Expression | null {
    const found = this.remainder();
    return this.failed || this.at < this.tokens.length ? null : found;
  }

  /** `a \bmod b`, whole or in brackets; beside other operators it is ambiguous and refused. */
  private remainder(): Expression {
    const left = this.sum();
    if (!this.take("bmod")) return left;
    return ["add", "subtract", "negate"].includes(left.kind)
      ? this.fail()
      : { kind: "mod", left, right: this.product() };
  }

  private sum(): Expression {
    return this.nested(() => {
      let left: Expression = this.take("-")
        ? { kind: "negate", of: this.product() }
        : this.take("pm")
        ? { kind: "plusMinus", left: nothing, right: this.product() }
        : this.take("mp")
        ? { kind: "plusMinus", left: nothing, right: { kind: "negate", of: this.product() } }
        : (this.take("+"), this.product());
      for (;;) {
        if (this.take("+")) left = { kind: "add", left, right: this.product() };
        else if (this.take("-")) left = { kind: "subtract", left, right: this.product() };
        else if (this.take("pm")) left = { kind: "plusMinus", left, right: this.product() };
        else if (this.take("mp")) left = { kind: "plusMinus", left, right: { kind: "negate", of: this.product() } };
        else return left;
      }
    });
  }

  private product(): Expression {
    return this.nested(() => {
      let left = this.signed();
      for (;;) {
        if (this.take("*", "cdot", "times", "ast")) left = { kind: "multiply", left, right: this.signed() };
        else if (this.take("/", "div")) left = { kind: "divide", left, right: this.signed() };
        else if (this.is("sign", "(")) left = { kind: "multiply", left, right: this.power() };
        else if (this.startsFactor()) left = juxtaposed(left, this.power()) ?? this.fail();
        else return left;
      }
    });
  }

  private startsFactor(): boolean {
    const token = this.tokens[this.at];
    if (token === undefined || token.kind === "text") return false;
    if (token.kind === "sign") return "([{".includes(token.text) || (token.text === "|" && this.bars === 0);
    return token.kind !== "command" || openers.has(token.text) || functions.has(token.text) || greek.has(token.text);
  }

  private signed(): Expression {
    return this.nested(() =>
      this.take("-") ? { kind: "negate", of: this.signed() } : this.take("+") ? this.signed() : this.power()
    );
  }

  private power(): Expression {
    return this.nested(() => {
      const base = this.postfix();
      if (!this.take("^")) return base;
      let raised: Expression;
      if (this.is("sign", "{") && this.is("command", "circ", 1) && this.is("sign", "}", 2)) {
        this.at += 3;
        raised = { kind: "degrees", of: base };
      } else if (this.take("circ")) raised = { kind: "degrees", of: base };
      else raised = { kind: "power", left: base, right: this.argument() };
      while (this.take("!")) raised = { kind: "factorial", of: raised };
      return raised;
    });
  }

  private postfix(): Expression {
    const { at } = this;
    let of = this.atom();
    for (;;) {
      const applied = of.kind === "name" && this.letters.has(this.tokens[at].text) ? this.appliedLetter(of.name) : null;
      if (applied !== null) of = applied;
      else if (this.take("!")) of = { kind: "factorial", of };
      else if (this.take("%")) of = { kind: "percent", of };
      else if (this.take("_")) of = this.subscripted(of, this.label());
      else if (of.kind === "name" && this.take("'")) of = { kind: "name", name: `${of.name}'` };
      else return of;
    }
  }

  private subscripted(of: Expression, label: string): Expression {
    if (of.kind === "name") return { kind: "name", name: `${of.name}_${label}` };
    const base = /^\(?(\d{1,2})\)?$/.exec(label)?.[1];
    return of.kind === "number" && base !== undefined
      ? { kind: "based", digits: of.text, base: Number(base) }
      : this.fail();
  }

  /** `f(x, y)`, `f^{-1}(x)`: the rest after a function's name, or null if no bracket follows. */
  private appliedLetter(name: string): Expression | null {
    const { at } = this;
    const exponent = this.take("^") ? `^${this.label()}` : "";
    if (this.is("sign", "(") || this.is("sign", "[")) {
      return { kind: "apply", name: name + exponent, args: this.args(), known: false };
    }
    if (exponent !== "") this.at = at;
    return null;
  }

  /** Arguments between brackets. */
  private args(): ReadonlyArray<Expression> {
    const { bars } = this;
    this.bars = 0;
    const close = this.take("(") ? ")" : this.take("[") ? "]" : this.take("\ue000", "{") ? "" : null;
    const args = [this.nested(() => this.sum())];
    while (this.take(",") && args.length < 8) args.push(this.nested(() => this.sum()));
    if (close === null || !(close === "" ? this.take("\ue001", "}") : this.take(close))) this.fail();
    this.bars = bars;
    return args;
  }

  /** The argument of `^`, `\frac` or `\sqrt`: a group or one token; of a number its first digit, as in TeX. */
  private argument(): Expression {
    const token = this.tokens[this.at];
    if (token === undefined) return this.fail();
    if (this.take("{")) return this.closed(this.sum(), "}");
    if (token.kind === "number") {
      if (token.text.length > 1) this.tokens[this.at] = { kind: "number", text: token.text.slice(1) };
      else this.at++;
      return { kind: "number", text: token.text[0] };
    }
    return this.take("-") ? { kind: "negate", of: this.nested(() => this.argument()) } : this.atom();
  }

  private atom(): Expression {
    return this.nested(() => {
      const token = this.tokens[this.at];
      if (token === undefined || token.kind === "text") return this.fail();
      this.at++;
      if (token.kind === "number") return this.decimal(token.text);
      if (token.kind === "name") return { kind: "name", name: token.text };
      return token.kind === "sign" ? this.bracket(token.text) : this.command(token.text);
    });
  }

  private decimal(text: string): Expression {
    if (!text.includes(".") || !this.take("overline", "bar")) return { kind: "number", text };
    if (this.tokens[this.at]?.kind === "number") {
      return { kind: "repeating", text, period: this.tokens[this.at++].text };
    }
    const period = this.take("{") ? this.tokens[this.at++] : undefined;
    if (period?.kind !== "number") return this.fail();
    return this.closed({ kind: "repeating", text, period: period.text }, "}");
  }

  private bracket(open: string): Expression {
    const { bars } = this;
    const close = { "(": ")", "[": "]", "{": "}", "|": "|" }[open];
    if (close === undefined) return this.fail();
    this.bars = open === "|" ? 1 : 0;
    const inner = open === "(" ? this.remainder() : this.sum();
    const found = this.closed(open === "|" ? { kind: "call", name: "abs", of: inner, base: null } : inner, close);
    this.bars = bars;
    return found;
  }

  private command(name: string): Expression {
    switch (name) {
      case "frac":
        if (isDerivative(this.tokens, this.at)) return { kind: "name", name: `${this.label()}/${this.label()}` };
        return { kind: "divide", left: this.argument(), right: this.argument(), fraction: true };
      case "binom":
        return { kind: "binomial", left: this.argument(), right: this.argument() };
      case "sqrt": {
        const index = this.take("[") ? this.closed(this.sum(), "]") : null;
        return { kind: "root", of: this.argument(), index };
      }
      case "pi":
        return { kind: "pi" };
      case "infty":
      case "infinity":
        return { kind: "infinity" };
    }
    const around = Object.hasOwn(paired, name) ? paired[name] : undefined;
    if (around !== undefined) {
      return this.closed({ kind: "call", name: around[0], of: this.sum(), base: null }, ...around.slice(1));
    }
    if (name === "angle" || name === "triangle") return this.named(name);
    if (operators.has(name)) return this.operator(name);
    if (accents.has(name)) return { kind: "apply", name, args: [this.nested(() => this.argument())], known: false };
    if (quantifiers.has(name)) return this.quantified(name);
    if (functions.has(name)) return this.call(name);
    return greek.has(name) ? { kind: "name", name: `\\${name}` } : this.fail();
  }

  /** `\angle ABC`: the following letters are one name. */
  private named(name: string): Expression {
    let letters = "";
    for (let token = this.tokens[this.at]; token?.kind === "name" && letters.length < 4; token = this.tokens[this.at]) {
      letters += token.text;
      this.at++;
    }
    return letters === "" ? this.fail() : { kind: "name", name: `${name} ${letters}` };
  }

  /** `\gcd(m, n)`, `\max\{a, b\}`, `\deg f`. */
  private operator(name: string): Expression {
    const bracketed = ["(", "[", "\ue000"].some((open) => this.is("sign", open));
    const args = bracketed ? this.args() : [this.nested(() => this.power())];
    const known = calculated.has(name);
    return known && args.length < 2 ? this.fail() : { kind: "apply", name, args, known };
  }

  /** `\sum_{k=1}^n k^2`, `\int_0^1 f`, `\lim_{x \to 0} g`: the body is the product that follows. */
  private quantified(name: string): Expression {
    let index: string | null = null;
    let [lower, upper]: Array<Expression | null> = [null, null];
    for (let ends = 0; ends < 2; ends++) {
      if (this.take("^")) upper = this.argument();
      else if (this.take("_")) {
        const [first, second] = [this.tokens[this.at + 1], this.tokens[this.at + 2]];
        if (this.is("sign", "{") && first?.kind === "name" && ["=", "to", "rightarrow"].includes(second?.text ?? "")) {
          this.at += 3;
          index = first.text;
          lower = this.closed(this.sum(), "}");
        } else {lower = isCondition(this.tokens, this.at)
            ? { kind: "name", name: this.label().replaceAll("mid", "|") }
            : this.argument();}
      }
    }
    return { kind: "quantified", name, index, lower, upper, of: this.product() };
  }

  /** `\sin^2 x`, `\log_2 8`, `\sin^{-1} x`, `\sin 2x`. */
  private call(name: string): Expression {
    let base = this.take("_") ? this.argument() : null;
    const exponent = this.take("^") ? this.argument() : null;
    base ??= this.take("_") ? this.argument() : null;
    const inverse = exponent?.kind === "negate" && exponent.of.kind === "number" && exponent.of.text === "1";
    const of = this.functionArgument();
    const call: Expression = { kind: "call", name: inverse ? `arc${name}` : name, of, base };
    return exponent === null || inverse ? call : { kind: "power", left: call, right: exponent };
  }

  /** Brackets, or all factors up to an operator or the next function. */
  private functionArgument(): Expression {
    if (this.is("sign", "(") || this.is("sign", "{") || this.is("sign", "[")) return this.atom();
    let of = this.power();
    while (this.startsFactor() && !this.is("sign", "(") && !functions.has(this.tokens[this.at].text)) {
      of = { kind: "multiply", left: of, right: this.power() };
    }
    return of;
  }
}
