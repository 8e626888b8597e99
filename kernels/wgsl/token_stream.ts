/** The tokens of a shader as a parser takes them: one after the other, with one ahead to look at. */
import { type Token, tokensOf } from "./tokens.ts";
import { WgslError } from "./wgsl_error.ts";

/** Where a parser is in a text. */
export class TokenStream {
  readonly #tokens: Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = [...tokensOf(text)];
  }

  /** Whether every token has been taken. */
  get atEnd(): boolean {
    return this.next.kind === "end";
  }

  /** Items with commas between them, up to and with `end`. */
  protected list<A>(end: string, item: () => A): A[] {
    const items: A[] = [];
    while (!this.#closes(end)) {
      items.push(item());
      if (this.#closes(end)) break;
      this.expect(",");
    }
    return items;
  }

  /** Takes `end`; of a `>>` that ends two lists of templates the first half. */
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
