/**
 * The 77 tokens of `countdown` and their spellings: the integers 0 to 63, the operators, `=`, the end of a response, `>` (end of the
 * prompt), `_` (no fourth number), two mode tags and four tolerances. Text is tokens joined by single spaces, so a tokenizer that splits at
 * spaces gives back the same ids.
 *
 * The objects below are the files of a Hugging Face directory, for transformers and @huggingface/tokenizers. `tokenizer.json` names no
 * decoder, because without one both join tokens with a space.
 */

/** The number tokens are the integers below this bound, and so is every intermediate result. */
export const integers = 64;

/** Ids of the tokens that are not integers. */
export const plus = 64, times = 66, equals = 67, endOfResponse = 68, endOfPrompt = 69, blank = 70;

/** Mode tags: the first token of a prompt. `direct` is the default, `think` the second mode of the latent-mode study. */
export const tags = { direct: 71, think: 72 } as const;

/** The name of a mode. */
export type Tag = keyof typeof tags;

/** The allowed distances from the target, in the order of the tolerance tokens `~0 ~2 ~5 ~12`. */
export const tolerances = [0, 2, 5, 12] as const;

/** The id of the first tolerance token. */
export const firstTolerance = 73;

/** Tokens of a prompt: tag, four numbers, target, tolerance, `>`. */
export const promptLength = 8;

/** The maximum number of response tokens: three steps of five tokens and the end. */
export const responseLength = 16;

/** Spelling of every token, by id. */
export const vocabulary: ReadonlyArray<string> = [
  ...Array.from({ length: integers }, (_, i) => `${i}`),
  ..."+ - * = <eos> > _ <direct> <think>".split(" "),
  ...tolerances.map((tolerance) => `~${tolerance}`),
];

const ids: ReadonlyMap<string, number> = new Map(vocabulary.map((token, id) => [token, id]));

/** The id of a spelling, or undefined. */
export function tokenId(token: string): number | undefined {
  return ids.get(token);
}

/** The text of token ids: spellings joined by spaces. */
export function spell(tokens: Iterable<number>): string {
  return Array.from(tokens, (id) => vocabulary[id] ?? `<${id}>`).join(" ");
}

/** `tokenizer.json`: one token per word, words split at white space; `<eos>` is special. */
export function countdownTokenizer(): Record<string, unknown> {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{
      id: endOfResponse,
      content: vocabulary[endOfResponse],
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    }],
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      unk_token: vocabulary[blank],
    },
  };
}

/** `tokenizer_config.json`: makes transformers use `tokenizer.json` as it is and keep all spaces. */
export function countdownTokenizerConfig(): Record<string, unknown> {
  return {
    tokenizer_class: "PreTrainedTokenizerFast",
    eos_token: vocabulary[endOfResponse],
    pad_token: vocabulary[endOfResponse],
    unk_token: vocabulary[blank],
    add_bos_token: false,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
    model_max_length: promptLength + responseLength,
  };
}

/** `generation_config.json`: the end token of sampling. */
export function countdownGenerationConfig(): Record<string, unknown> {
  return { eos_token_id: endOfResponse, pad_token_id: endOfResponse, do_sample: true, temperature: 1 };
}
