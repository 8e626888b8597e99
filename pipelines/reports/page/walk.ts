/**
 * One prompt through every stage of one training step, with the records as written by the run: the input of each stage, the fields it
 * added, the command that runs it by hand, and the record itself.
 */
import { stepFolder } from "../../files/run_directory.ts";
import * as Elementary from "../../../data/elementary/mod.ts";
import type * as Records from "../../records/schema.ts";
import { type Cell, numberCell, type Table, textCell } from "../tables/table.ts";
import { type Child, type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import {
  largestPush,
  probabilityText,
  pushOf,
  type ShownResponse,
  signedText,
  tokenKey,
  tokenText,
} from "./token_text.ts";

/** A record with its text and its position in a file. */
export interface Kept<A> {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  readonly record: A;
}

type List<A> = ReadonlyArray<Kept<A>>;

/** The records of one prompt in one step, and those of the whole step; `pieces` are the texts of a rollout's tokens. */
export interface Walk {
  /** The path of the run's folder in commands. */
  readonly run: string;
  readonly step: number;
  readonly problemId: string;
  readonly prompts: List<Records.Prompt>;
  readonly rollouts: List<Records.Rollout>;
  readonly verdicts: List<Records.Verdict>;
  readonly rewarded: List<Records.Rewarded>;
  readonly dynamics: List<Records.Dynamics>;
  readonly signed: List<Records.Signed>;
  readonly scored: List<Records.Scored>;
  readonly credited: List<Records.Credited>;
  readonly gradients: List<Records.Gradient>;
  readonly states: List<Records.PolicyState>;
  /** Sequences per optimizer step. */
  readonly miniBatch: number;
  readonly algorithm: string;
  readonly pieces: (rollout: Records.Rollout) => ReadonlyArray<string>;
}

/** The largest number of printed characters of a record. */
const longest = 3000;
/** The largest number of tokens in the table of a response. */
const tableTokens = 64;

const recordOf = (kept: Kept<unknown> | undefined): Html | undefined =>
  kept === undefined
    ? undefined
    : markup`<details><summary>The record: <code>${kept.file}</code>, line ${kept.line}</summary><pre>${
      kept.text.length > longest ? `${kept.text.slice(0, longest)} … (${kept.text.length} characters)` : kept.text
    }</pre></details>
`;

const stage = (name: string, says: Child, body: Child, command: string | undefined, kept?: Kept<unknown>): Html =>
  markup`<li><h3>${name}</h3>
<p>${says}</p>${body}${command === undefined ? undefined : markup`<pre class="command">${command}</pre>`}${
    recordOf(kept)
  }</li>
`;

const head = (name: string, align: "left" | "right" = "right") => ({ name, align });

const table = (caption: string, columns: Table["columns"], rows: ReadonlyArray<ReadonlyArray<Cell>>): Html =>
  htmlTable({ notes: [], columns, blocks: [{ rows }] }, { caption });

const yes = (correct: boolean): string => correct ? "✓ correct" : "✗ incorrect";

const shownOf = (walk: Walk, rollout: Records.Rollout): ShownResponse => {
  const credited = walk.credited.find(({ record }) => record.sampleIndex === rollout.sampleIndex)?.record;
  const { logProbs, entropy } = rollout;
  return { pieces: walk.pieces(rollout), logProbs, entropy, ...(credited && { advantages: credited.advantages }) };
};

const number = (value: number): Cell => ({ text: signedText(value), value });

/** The response whose tokens are shown: the first of the sign that is rarer among the credited ones. */
const followed = (walk: Walk): Kept<Records.Credited> | undefined => {
  const positive = walk.credited.filter(({ record }) => record.sign === "positive");
  const negative = walk.credited.filter(({ record }) => record.sign === "negative");
  return (positive.length > 0 && positive.length <= negative.length ? positive : negative)[0] ?? walk.credited[0];
};

/** A table of a response's tokens with the fields of the stages. */
const tokenTable = (walk: Walk, kept: Kept<Records.Credited>): Html => {
  const { record } = kept;
  const rollout = walk.rollouts.find(({ record: one }) => one.sampleIndex === record.sampleIndex)?.record ?? record;
  const pieces = walk.pieces(rollout);
  const lists = [
    { name: "log-prob (sample)", list: record.logProbs },
    { name: "entropy", list: record.entropy },
    { name: "old log-prob", list: record.oldLogProbs },
    { name: "reference", list: record.referenceLogProbs },
    { name: "value", list: record.values },
    { name: "advantage", list: record.advantages },
    { name: "return", list: record.returns },
  ].flatMap(({ name, list }) => list === undefined ? [] : [{ name, list }]);
  const rows = Array.from({ length: Math.min(tableTokens, pieces.length) }, (_, i) => [
    textCell(`${i} ${pieces[i].replaceAll("\n", "⏎")}`),
    { text: probabilityText(Elementary.exp(record.oldLogProbs[i])), value: record.oldLogProbs[i] },
    ...lists.map(({ list }) => number(list[i])),
    number(pushOf(record.advantages[i], record.oldLogProbs[i])),
  ]);
  const columns = [
    head("Token", "left"),
    head("probability"),
    ...lists.map(({ name }) => head(name)),
    head("push A(1−p)"),
  ];
  const left = pieces.length - rows.length;
  const cut = left > 0 ? `, the first ${tableTokens} of its ${pieces.length} tokens` : "";
  return table(`Sample ${record.sampleIndex}, token by token${cut}`, columns, rows);
};

const signTable = (gradient: Records.Gradient): Html =>
  table(
    "The mini-batch, whole and by sign",
    [head("Responses", "left"), ...["tokens", "loss", "gradient norm", "clipped", "KL"].map((name) => head(name))],
    ([["all", gradient], ["correct", gradient.positive], ["incorrect", gradient.negative]] as const).map((
      [name, part],
    ) => [
      textCell(name),
      ...[part.tokens, part.loss, part.gradNorm, part.clipFraction, part.approxKl].map((value) => ({
        ...numberCell(value),
        text: numberCell(value).text.replaceAll("-", "−"),
      })),
    ]),
  );

/** The number of old log-probs that equal the sampler's, bit for bit: all, if one engine both samples and trains. */
const sameBits = (scored: Walk["scored"]): string => {
  const pairs = scored.flatMap(({ record }) =>
    Array.from(record.oldLogProbs, (value, i) => Object.is(value, record.logProbs[i]))
  );
  return `${pairs.filter(Boolean).length} of the ${pairs.length} here equal the sampler's, bit for bit`;
};

/** The stages as an ordered list. */
export const walkSection = (walk: Walk): Html => {
  const { step, algorithm } = walk;
  const folder = `${walk.run}/${stepFolder(step)}`;
  const prompt = walk.prompts[0]?.record;
  const shown = walk.rollouts.map(({ record }) => ({ record, shown: shownOf(walk, record) }));
  const largest = largestPush(shown.map((one) => one.shown));
  const follow = followed(walk);
  const at = follow === undefined ? -1 : Math.floor((follow.line - 1) / walk.miniBatch);
  const gradient = walk.gradients[at];
  const state = walk.states[at];
  const [batch] = walk.dynamics;
  const kept = new Set(walk.signed.map(({ record }) => record.sampleIndex));
  const right = walk.rewarded.filter(({ record }) => record.correct).length;
  const zeroes = walk.rewarded.some(({ record }) => record.reward === 0);
  return markup`<p>Problem <code>${walk.problemId}</code> in step ${step} of a run with <b>${algorithm}</b>. The numbers are read from the files that the run wrote; a pipe typed by hand gives the same bytes.</p>
<ol class="walk">${
    prompt === undefined ? undefined : stage(
      "Prompt",
      "A problem becomes the text that the policy is asked, and its tokens.",
      markup`<dl class="facts"><div><dt>question</dt><dd>${prompt.question}</dd></div>
<div><dt>gold answer</dt><dd>${prompt.goldAnswer}</dd></div>
<div><dt>text</dt><dd><code>${prompt.promptText}</code></dd></div>
<div><dt>tokens</dt><dd>${prompt.promptTokens.length}</dd></div></dl>
`,
      `deno task prompt --step ${step} … > ${folder}/prompt.ndjson`,
      walk.prompts[0],
    )
  }${
    stage(
      "Sample",
      `The policy answers ${walk.rollouts.length} times; each token keeps its log-prob and the entropy of its distribution.`,
      markup`${tokenKey(largest > 0)}<ol class="responses" start="0">${
        shown.map((one) =>
          markup`<li value="${one.record.sampleIndex}">${tokenText(one.shown, largest)}</li>
`
        )
      }</ol>
`,
      `deno task sample --step ${step} … < prompt.ndjson`,
      walk.rollouts[0],
    )
  }${
    stage(
      "Verify",
      `Each answer is read and compared with the gold answer: ${right} of ${walk.verdicts.length} are right.`,
      table(
        "Verdicts",
        ["Sample", "answer", "verdict", "reason"].map((name) => head(name, "left")),
        walk.verdicts.map(({ record }) => [
          textCell(String(record.sampleIndex)),
          textCell(record.answer ?? "none found"),
          textCell(yes(record.correct)),
          textCell(record.reason),
        ]),
      ),
      "deno task verify < sample.ndjson",
      walk.verdicts[0],
    )
  }${
    stage(
      "Reward",
      `${zeroes ? "As published, right is +1, wrong is 0" : "Right is +1, wrong is −1 (Eq. 1)"}: ${
        walk.rewarded.map(({ record }) => record.reward > 0 ? "+1" : record.reward < 0 ? "−1" : "0").join(", ")
      }.`,
      undefined,
      `deno task reward${zeroes ? " --as-published" : ""} < verify.ndjson`,
      walk.rewarded[0],
    )
  }${
    batch === undefined ? undefined : stage(
      "Dynamics",
      markup`Before anything is dropped, the whole batch is measured: ${batch.record.correct} of ${batch.record.rollouts} rollouts are right, ${batch.record.fullySolved} of ${batch.record.prompts} prompts are fully solved, entropy is ${
        batch.record.meanEntropy.toFixed(3)
      } nats a token.`,
      undefined,
      "deno task dynamics < reward.ndjson",
      batch,
    )
  }${
    stage(
      "Split",
      `${algorithm} keeps ${kept.size} of these ${walk.rewarded.length} responses, each with its sign and weight.`,
      walk.signed.length === 0 ? undefined : table(
        "What is learnt from",
        [head("Sample", "left"), head("sign", "left"), head("weight")],
        walk.signed.map(({ record }) => [
          textCell(String(record.sampleIndex)),
          textCell(record.sign),
          numberCell(record.weight),
        ]),
      ),
      `deno task split --algorithm ${algorithm} < reward.ndjson`,
      walk.signed[0],
    )
  }${
    follow === undefined ? undefined : stage(
      "Score",
      `The policy about to be trained gives each token its old log-prob${
        follow.record.referenceLogProbs === undefined ? "" : ", the reference model its own"
      }${follow.record.values === undefined ? "" : ", the critic its value"}. ${sameBits(walk.scored)}.`,
      undefined,
      "deno task score --model DIR < split.ndjson",
      walk.scored.find(({ record }) => record.sampleIndex === follow.record.sampleIndex),
    )
  }${
    follow === undefined ? undefined : stage(
      "Advantage",
      `Each token gets its advantage. Followed here: sample ${follow.record.sampleIndex}, ${
        yes(follow.record.correct)
      }.`,
      tokenTable(walk, follow),
      `deno task advantage --algorithm ${algorithm} < score.ndjson`,
      follow,
    )
  }${
    gradient === undefined ? undefined : stage(
      "Gradient",
      markup`The response is in mini-batch ${
        at + 1
      } of ${walk.gradients.length}, which became one gradient; its tensors are the artifact <code class="hash">${gradient.record.artifact}</code>.`,
      signTable(gradient.record),
      `deno task gradient --model DIR --algorithm ${algorithm} --artifacts ${walk.run}/artifacts < mini_batch.ndjson`,
      gradient,
    )
  }${
    state === undefined ? undefined : stage(
      "Update",
      markup`AdamW makes optimizer step ${state.record.step}; the weights are now <code class="hash">${state.record.model}</code>.`,
      undefined,
      `deno task update --model DIR --artifacts ${walk.run}/artifacts --out NEXT < gradient.ndjson`,
      state,
    )
  }</ol>
`;
};
