/** Decoders as in the native tokenizers library, replacing two in which the JavaScript library differs. */
import type { Tokenizer } from "@huggingface/tokenizers";
import * as Result from "effect/Result";
import { isObject, type Json } from "../files/json.ts";

interface Decoder {
  decode_chain: (tokens: string[]) => string[];
  readonly decoders?: ReadonlyArray<Decoder>;
}

/** Replaces the decoders of a tokenizer made from `json`. */
export const mendDecoders = (tokenizer: Tokenizer, json: Json): void => mend(tokenizer.decoder, json.decoder);

const mend = (decoder: Decoder | null, config: unknown): void => {
  if (decoder === null || !isObject(config)) return;
  if (config.type === "ByteFallback") decoder.decode_chain = byteFallback;
  if (config.type === "Metaspace") {
    const mark = typeof config.replacement === "string" ? config.replacement : "\u2581";
    // The first token begins with the prepended space, which is dropped, unless the scheme prepends none.
    const first = config.prepend_scheme === "never" ? " " : "";
    decoder.decode_chain = (tokens) => tokens.map((token, i) => token.replaceAll(mark, i === 0 ? first : " "));
  }
  const parts = Array.isArray(config.decoders) ? config.decoders : [];
  decoder.decoders?.forEach((part, i) => mend(part, parts[i]));
};

/** A run of byte tokens is text if all of it is UTF-8, else one replacement character per byte. */
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

/** The text of bytes; undefined if they are not UTF-8. */
const textOf = (bytes: Uint8Array<ArrayBuffer>): string | undefined =>
  Result.getOrUndefined(Result.try(() => utf8.decode(bytes)));
