/**
 * Models whose vocabulary is padded for speed (Qwen2.5: 151,936 rows, its tokenizer knows 151,665 ids). A token that the tokenizer does not know
 * has no text, so it is never sampled: its logit is -infinity in sampling, score, gradient and entropy alike, which makes the head end with the last
 * id that is known. `keep` computes with every row, as transformers does.
 */
/** What may become of the rows behind the tokenizer's. */
export const paddedVocabularies = ["mask", "keep"] as const;

/** One of them. */
export type PaddedVocabulary = typeof paddedVocabularies[number];

/**
 * What a run records of its padded vocabulary; undefined for a model that has none, so that its records are as ever. `keep` is recorded as asked,
 * since a padded model whose rows are all kept has no count of known tokens either.
 */
export const recordedAs = (
  knownTokens: number | undefined,
  asked: PaddedVocabulary | undefined,
): PaddedVocabulary | undefined => knownTokens !== undefined ? "mask" : asked === "keep" ? "keep" : undefined;
