/**
 * Models with a padded vocabulary (Qwen2.5: 151,936 rows, 151,665 known ids). A token that the tokenizer does not know has no text, so
 * `mask` never samples it: its logit is -infinity in sampling, score, gradient and entropy. The head simply ends with the last known id.
 * `keep` computes every row, as transformers does.
 */
/** The treatments of the padding rows. */
export const paddedVocabularies = ["mask", "keep"] as const;

export type PaddedVocabulary = typeof paddedVocabularies[number];

/**
 * The value that a run records for a padded vocabulary; undefined for a model without padding. `keep` is recorded as requested, since a
 * padded model with all rows has no count of known tokens either.
 */
export const recordedAs = (
  knownTokens: number | undefined,
  asked: PaddedVocabulary | undefined,
): PaddedVocabulary | undefined => knownTokens !== undefined ? "mask" : asked === "keep" ? "keep" : undefined;
