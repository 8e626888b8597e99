/** The names of the study's conditions, shared by its cells and its claims. */

/** The reported evaluation, and that by which learning rates are chosen, on other problems. */
export const reported = "T 0.6";
export const forRates = "T 0.6, problems of the choice";

/** The objectives that came after the paper's; NSR is beside them under the same rule of choice. */
export const laterObjectives = [
  "dr-grpo",
  "dapo",
  "rloo",
  "reinforce++",
  "gspo",
  "cispo",
  "gpg",
  "topr",
  "ngrpo",
  "lens",
] as const;
export const objectives = "objectives";

/** Errors of the verifier by sign, as shares. */
export const noises = [0.01, 0.05, 0.1] as const;
export const falseAccepts = (share: number): string => `false accepts ${100 * share} %`;
export const falseRejects = (share: number): string => `false rejects ${100 * share} %`;

/** Wrong responses to problems that nobody solved, and as many at random. */
export const unsolved = "wrong responses, unsolved";
export const random = "wrong responses, random";

/** Responses of at most 12 tokens: those cut off count as wrong, or teach nothing. */
export const truncatedGraded = "12 tokens, cut off counts as wrong";
export const truncatedMasked = "12 tokens, cut off teaches nothing";

export const roundedSampler = "sampler in bf16";
export const staleSampler = "sampler one step old";
export const clipOff = "clip off";
export const manyUpdates = "16 updates a batch";
export const manyUpdatesClipOff = "16 updates a batch, clip off";
export const fewProblems = "few problems";
