/** The paper's claims about Pass@k, on its Table 1 and on every evaluation of a study: point estimates without intervals, as in the paper. */
import { Result } from "effect";
import { type Claim, claims as paperClaims, type Lookup } from "../../../data/paper/claims.ts";
import { ks as publishedKs, table1 as publishedRows } from "../../../data/paper/published.ts";
import { blockName, type EvaluationBlock, evaluationBlocks } from "./evaluation_blocks.ts";
import { tableReport } from "../report.ts";
import { EvaluationRow } from "../../records/rows.ts";
import { publishedName } from "../series.ts";
import { type Cell, empty, type Table, textCell } from "./table.ts";

interface Asked {
  readonly name: string;
  readonly ks: ReadonlyArray<number>;
  readonly at: Lookup;
}

const inPaper: ReadonlyArray<Asked> = [...Map.groupBy(publishedRows, ({ task }) => task)].map(([task, rows]) => ({
  name: `paper: ${publishedName(task)}`,
  ks: publishedKs,
  at: (method, k) => rows.find((row) => row.method === method)?.passAtK.get(k),
}));

const inStudy = (block: EvaluationBlock): Asked => ({
  name: blockName({ ...block, problems: undefined }) || "this study",
  ks: block.ks,
  at: (method, k) => block.at(method, k)?.passAtK,
});

const answer = (claim: Claim, { at, ks }: Asked): Cell => {
  const holds = claim.holds(at, ks);
  return holds === null ? empty : { text: holds ? "yes" : "no", value: holds };
};

const claimsTable = (blocks: ReadonlyArray<EvaluationBlock>): Table => {
  const asked = [...inPaper, ...blocks.map(inStudy)];
  return {
    title: "Does it hold?",
    notes: ["Asked of point estimates; – where a method or a k is missing."],
    columns: [
      { name: "The paper says", align: "left" },
      { name: "where", align: "left" },
      ...asked.map(({ name }) => ({ name, align: "left" as const })),
    ],
    blocks: [{
      rows: paperClaims.map((claim) => [
        textCell(claim.text),
        textCell(claim.where),
        ...asked.map((one) => answer(claim, one)),
      ]),
    }],
  };
};

/** The paper's claims about Pass@k, on the paper's numbers and on a study's. */
export const claims = tableReport({
  name: "claims",
  summary: "Which of the paper's claims about Pass@k hold in its Table 1 and in a study",
  row: EvaluationRow,
  needs: ["k", "passAtK"],
  build: (rows) => Result.map(evaluationBlocks(rows), (blocks) => [claimsTable(blocks)]),
});
