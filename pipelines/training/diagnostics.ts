/**
 * What a step's records and its row of metrics say of a training that learns little or nothing, and which setting to turn: responses that are
 * cut off or have no answer, all right or all wrong, rewards that are equal within every group, entropy and gradient near zero, a policy that runs
 * away from what it was. Pure: what is said, and how often, follows from the arguments. The bounds lie far outside of what healthy runs show:
 * those of `results/tiny` have entropies of 0.25 to 0.44 nats and an `approxKl` of at most 0.0033.
 */
import { tasks } from "../../data/mod.ts";
import { groupBaseline } from "../algorithms/group_baseline.ts";
import { groupMean, scaledGroupMean } from "../algorithms/group_mean.ts";
import { leaveOneOut } from "../algorithms/leave_one_out.ts";
import { type Advantage, algorithms, dropsGroups } from "../algorithms/mod.ts";
import type { MetricsRow, MetricValue } from "../files/metrics.ts";
import type * as Records from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";

/** What diagnoses read of a graded response; `responseTokens` are [T]. */
export interface JudgedResponse
  extends Pick<Records.Rewarded, "problemId" | "correct" | "answer" | "finish" | "reward"> {
  readonly responseTokens: { readonly length: number };
}

/** What diagnoses read of a response that was scored by policy and reference; both lists are [T], in nats. */
export type Referred = Partial<Pick<Records.Scored, "oldLogProbs" | "referenceLogProbs">>;

/** The settings that a diagnosis depends on. */
export type DiagnosedSettings =
  & Pick<Settings, "algorithm" | "task" | "extract" | "responses" | "temperature">
  & Partial<Pick<Settings, "truncated">>;

/** The counts of a batch's verdicts: each response is correct, wrong, or without an answer; `cutOff` counts those that were too long among all. */
export interface VerdictCounts {
  readonly [name: string]: MetricValue;
  readonly correct: number;
  readonly wrong: number;
  readonly noAnswer: number;
  readonly cutOff: number;
}

/** Counts verdicts and how responses ended. */
export const countVerdicts = (
  records: ReadonlyArray<Pick<JudgedResponse, "correct" | "answer" | "finish">>,
): VerdictCounts => {
  const count = (is: (record: typeof records[number]) => boolean) => records.filter(is).length;
  const correct = count((record) => record.correct);
  const noAnswer = count((record) => !record.correct && record.answer === null);
  return {
    correct,
    wrong: records.length - correct - noAnswer,
    noAnswer,
    cutOff: count(({ finish }) => finish === "length"),
  };
};

/** One thing to say of a step; `advice` is what to turn, empty where nothing has to be. */
export interface Diagnosis {
  readonly kind: "responses" | "groups" | "update" | "entropy" | "gradient" | "step KL" | "reference KL";
  readonly text: string;
  readonly advice: string;
}

/** Mean entropy in nats a token below which responses hardly differ. */
const lowEntropy = 0.01;
/** Norm of a gradient below which it is rounding. */
const noGradient = 1e-8;
/** Nats a token that a policy may move within one step, and that it may be away from its reference. */
const longStep = 0.1;
const farAway = 1;

/** What is said of the responses: always how many are correct, and what to turn where most are lost. */
const ofResponses = (
  records: ReadonlyArray<JudgedResponse>,
  { task, extract }: DiagnosedSettings,
): Diagnosis => {
  const { correct, noAnswer, cutOff } = countVerdicts(records);
  const all = records.length;
  const reads = tasks[task].extracts === true;
  const longest = records.reduce((most, { responseTokens }) => Math.max(most, responseTokens.length), 0);
  const text = [
    `${correct} of ${all} correct`,
    `${cutOff} of ${all} cut off${cutOff === 0 ? "" : ` at ${longest} tokens`}`,
    `${noAnswer} without ${reads && extract === "strict" ? "a box" : "an answer"}`,
  ].join(", ");
  const turned = [
    ...2 * cutOff >= all ? ["raise --max-tokens"] : [],
    ...2 * noAnswer >= all && reads && extract === "strict" ? ["--extract lenient"] : [],
    ...2 * noAnswer >= all && (!reads || extract !== "strict") ? ["a --template that asks for the answer"] : [],
  ];
  const advice = correct === all
    ? "all right, nothing is left to learn: take harder problems"
    : turned.length > 0
    ? turned.join(", or ")
    : correct === 0
    ? "all wrong: take easier problems, or raise --responses"
    : "";
  return { kind: "responses", text, advice };
};

/** The advantages that are 0 in a group whose rewards are equal. */
const comparing: ReadonlyArray<Advantage> = [groupBaseline, groupMean, scaledGroupMean, leaveOneOut];

/** Whether a response that is alone in its group has an advantage. */
const teachesAlone = ({ credit }: Advantage): boolean => {
  const [{ advantages }] = credit([{ problemId: "", reward: 1, weight: 1, responseTokens: { length: 1 } }], {
    klCoef: 0,
  });
  return advantages[0] !== 0;
};

/** Group baselines give no advantage where every group's rewards are equal. */
const ofGroups = (
  records: ReadonlyArray<JudgedResponse>,
  { algorithm, responses }: DiagnosedSettings,
): ReadonlyArray<Diagnosis> => {
  const { advantage } = algorithms[algorithm];
  if (!comparing.includes(advantage)) return [];
  const groups = [...Map.groupBy(records, ({ problemId }) => problemId).values()];
  if (groups.some((group) => group.some(({ reward }) => reward !== group[0].reward))) return [];
  const alone = groups.filter(({ length }) => length === 1).length;
  const hasTeacher = alone > 0 && teachesAlone(advantage);
  if (hasTeacher && alone < groups.length) return [];
  const text = hasTeacher
    ? `each of ${groups.length} groups is one response, so ${algorithm} has no baseline`
    : `all rewards are equal in each of ${groups.length} groups, so ${algorithm} learns nothing from them`;
  return [{
    kind: "groups",
    text,
    advice: responses === 1
      ? "--responses 1 leaves nothing to compare, raise it"
      : "raise --responses or --temperature, or take problems that are sometimes solved",
  }];
};

const numberOf = (value: MetricValue): number | undefined => typeof value === "number" ? value : undefined;

/** What the row of metrics says of the update. */
const ofUpdate = (
  row: MetricsRow,
  { algorithm, temperature, truncated }: DiagnosedSettings,
): ReadonlyArray<Diagnosis> => {
  const [entropy, norm, kl] = [row.meanEntropy, row.gradNorm, row.approxKl].map(numberOf);
  return [
    ...row.updates === 0
      ? [
        {
          kind: "update",
          text: `${algorithm} uses none of these responses: no weight changed`,
          advice: truncated === "mask" && (numberOf(row.truncatedRatio) ?? 0) > 0
            ? "--truncated mask leaves out what was cut off: raise --max-tokens"
            : dropsGroups(algorithm)
            ? "raise --responses or --temperature, or take problems that are sometimes solved"
            : "take problems that are sometimes solved, or an algorithm that uses both signs",
        } as const,
      ]
      : [],
    ...temperature > 0 && entropy !== undefined && entropy < lowEntropy
      ? [
        {
          kind: "entropy",
          text: `entropy ${entropy.toPrecision(2)} nats a token: responses hardly differ`,
          advice: "raise --temperature or --entropy-coef, or lower --learning-rate",
        } as const,
      ]
      : [],
    ...norm !== undefined && norm < noGradient
      ? [
        {
          kind: "gradient",
          text: `gradient norm ${norm.toPrecision(2)}: the responses move no weight`,
          advice: "rewards must differ: raise --responses, or take problems that are sometimes solved",
        } as const,
      ]
      : [],
    ...kl !== undefined && kl > longStep
      ? [
        {
          kind: "step KL",
          text: `KL ${kl.toPrecision(2)} nats a token within one step: the policy runs away from its own responses`,
          advice: "lower --learning-rate, or raise --mini-batch",
        } as const,
      ]
      : [],
  ];
};

/** Mean of log-prob minus the reference's, over all tokens: the KL divergence from the reference as sampled, in nats a token. */
const referenceKl = (scored: ReadonlyArray<Referred>): number | undefined => {
  let [sum, tokens] = [0, 0];
  for (const { oldLogProbs, referenceLogProbs } of scored) {
    if (oldLogProbs === undefined || referenceLogProbs === undefined) continue;
    oldLogProbs.forEach((logProb, at) => sum += logProb - referenceLogProbs[at]);
    tokens += oldLogProbs.length;
  }
  return tokens === 0 ? undefined : sum / tokens;
};

/**
 * What there is to say of a step: of its responses always, of the rest where something is wrong. `scored` are the responses that are learnt from,
 * with the reference's log-probs where there is a reference.
 */
export const diagnose = (
  records: ReadonlyArray<JudgedResponse>,
  row: MetricsRow,
  settings: DiagnosedSettings,
  scored: ReadonlyArray<Referred> = [],
): ReadonlyArray<Diagnosis> => {
  if (records.length === 0) return [];
  const away = referenceKl(scored);
  return [
    ofResponses(records, settings),
    ...ofGroups(records, settings),
    ...ofUpdate(row, settings),
    ...away !== undefined && away > farAway
      ? [
        {
          kind: "reference KL",
          text: `the policy is ${away.toPrecision(2)} nats a token away from the reference`,
          advice: "raise --kl-coef, or lower --learning-rate",
        } as const,
      ]
      : [],
  ];
};

/** When each thing was said last, by what it is and advises. */
export type SaidAt = ReadonlyMap<string, number>;

/** Steps after which what stays true is said again. */
const everySteps = 10;

/**
 * The lines to say after `step`, and what has then been said. The first step says how its responses are; later ones say what is new or was said
 * ten steps ago, and nothing of what needs no turn.
 */
export const linesOf = (
  diagnoses: ReadonlyArray<Diagnosis>,
  step: number,
  said: SaidAt | undefined,
): { readonly lines: ReadonlyArray<string>; readonly said: SaidAt } => {
  const next = new Map(said);
  const lines = diagnoses.flatMap(({ kind, text, advice }) => {
    const name = `${kind}: ${advice}`;
    const last = next.get(name);
    const isDue = last === undefined ? said === undefined || advice !== "" : step - last >= everySteps && advice !== "";
    if (!isDue) return [];
    next.set(name, step);
    return [`step ${step}: ${text}${advice === "" ? "" : `: ${advice}`}`];
  });
  return { lines, said: next };
};
