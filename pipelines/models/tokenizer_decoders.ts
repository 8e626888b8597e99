/** Decoders of a tokenizer as the native library has them, in the place of two that the library for JavaScript has otherwise. */
import type { Tokenizer } from "@huggingface/tokenizers";
import * as Result from "effect/Result";
import { isObject, type Json } from "../files/json.ts";

interface Decoder {
  decode_chain: (tokens: string[]) => string[];
  readonly decoders?: ReadonlyArray<Decoder>;
}

/** Replaces the decoders of a tokenizer that was made of `json`. */
export const mendDecoders = (tokenizer: Tokenizer, json: Json): void => mend(tokenizer.decoder, json.decoder);

const mend = (decoder: Decoder | null, config: unknown): void => {
  if (decoder === null || !isObject(config)) return;
  if (config.type === "ByteFallback") decoder.decode_chain = byteFallback;
  if (config.type === "Metaspace") {
    const mark = typeof config.replacement === "string" ? config.replacement : "\u2581";
    // In the first token every mark stands for the space that was put before the text, unless none was.
    const first = config.prepend_scheme === "never" ? " " : "";
    decoder.decode_chain = (tokens) => tokens.map((token, i) => token.replaceAll(mark, i === 0 ? first : " "));
  }
  const parts = Array.isArray(config.decoders) ? config.decoders : [];
  decoder.decoders?.forEach((part, i) => mend(part, parts[i]));
};

/** A run of byte tokens is text where it is UTF-8 as a whole, else one replacement character a byte. */
const byteFallback = (tokens: ReadonlyArray<string>): string[] => {
  const out: string[] = [];
  let run: number[] = [];
  const flush = () => {
    if (run.length > 0) out.push(textOf(Uint8Array.from(run)) ?? "\ufffd".repeat(run.length));
    run = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte !== undefined) {
      run.push(Number.parseInt(byte, 16));
      continue;
    }
    flush();
    out.push(token);
  }
  flush();
  return out;
};

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The text of bytes that are UTF-8. */
const textOf = (bytes: Uint8Array<ArrayBuffer>): string | undefined =>
  Result.getOrUndefined(Result.try(() => utf8.decode(bytes)));
