/** A parser's token stream with one token of lookahead. */
import { type Token, tokensOf } from "./tokens.ts";
import { WgslError } from "./wgsl_error.ts";

/** A parser's position in a text. */
export class TokenStream {
  readonly #tokens: Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = [...tokensOf(text)];
  }

  /** Whether all tokens are consumed. */
  get atEnd(): boolean {
    return this.next.kind === "end";
  }

  /** Comma-separated items, up to and including `end`. */
  protected list<A>(end: string, item: () => A): A[] {
    const items: A[] = [];
    while (!this.#closes(end)) {
      items.push(item());
      if (this.#closes(end)) break;
      this.expect(",");
    }
    return items;
  }

  /** Consumes `end`; of a `>>` that ends two template lists, only the first half. */
  #closes(end: string): boolean {
    const next = this.next;
    if (end === ">" && next.text === ">>") {
      this.#tokens[this.#at] = { ...next, text: ">" };
      return true;
    }
    return this.skip(end);
  }

  protected get next(): Token {
    return this.#tokens[this.#at];
  }

  protected take(): Token {
    return this.#tokens[this.#at++];
  }

  protected skip(text: string): boolean {
    if (this.next.text !== text || this.next.kind === "number") return false;
    this.#at++;
    return true;
  }

  protected expect(text: string): void {
    if (!this.skip(text)) throw this.unexpected(`"${text}"`);
  }

  protected word(): string {
    if (this.next.kind !== "word") throw this.unexpected("a name");
    return this.take().text;
  }

  protected unexpected(wanted: string): WgslError {
    return new WgslError(`expected ${wanted}, found "${this.next.text}"`, this.next.line);
  }
}
