/** The page that says which verdicts of an earlier study moved (`moved.md`): claims of the same id, as both studies judged them. */
import { Effect } from "effect";
import { join } from "node:path";
import { commandOf, type Recipe } from "../recipes/recipe.ts";
import { ClaimRow } from "../records/study_rows.ts";
import { rowsIn } from "../reports/page/read_records.ts";
import { markdownTable } from "../reports/tables/markdown_table.ts";
import { textCell } from "../reports/tables/table.ts";
import { asked, foundCell, foundOf, type Judged, statementOf, verdictText } from "../reports/tables/verdicts.ts";

/** The page's name. */
export const movedFile = "moved.md";

const columns = ["Claim", "asked", "found then", "verdict then", "found now", "verdict now"];

/** The page; undefined if the studies share no claim. */
export const movedPage = (
  { name, after }: Pick<Recipe, "name"> & Required<Pick<Recipe, "after">>,
  earlier: ReadonlyArray<Judged>,
  now: ReadonlyArray<Judged>,
): string | undefined => {
  const both = now.flatMap((row) => {
    const before = earlier.find(({ id }) => id === row.id);
    return before === undefined || row.verdict === "untried" ? [] : [{ before, row }];
  });
  if (both.length === 0) return undefined;
  const isMoved = ({ before, row }: typeof both[number]) => before.verdict !== row.verdict;
  const tableOf = (some: typeof both) =>
    some.length === 0 ? "None.\n" : markdownTable({
      notes: [],
      columns: columns.map((column) => ({ name: column, align: "left" as const })),
      blocks: [{
        rows: some.map(({ before, row }) => [
          textCell(statementOf(row)),
          textCell(asked(row)),
          foundCell(before, foundOf(before)),
          textCell(verdictText(before.verdict)),
          foundCell(row, foundOf(row)),
          textCell(verdictText(row.verdict)),
        ]),
      }],
    });
  return [
    `# Verdicts of \`${name}\` beside those of \`${after.study}\``,
    "",
    `The claims that both studies ask under the same name, as each judged them. ${after.differs} Statements are those of ` +
    `\`${name}\`; a condition that it tried at fewer values says so. Made by \`${commandOf({ name })}\`.`,
    "",
    `${both.filter(isMoved).length} of ${both.length} verdicts moved.`,
    "",
    "## Moved",
    "",
    tableOf(both.filter(isMoved)),
    "## The same",
    "",
    tableOf(both.filter((one) => !isMoved(one))),
  ].join("\n").trimEnd() + "\n";
};

/** The page of a study that follows an earlier one whose results are in this folder's `results`. */
export const movedVerdicts = Effect.fnUntraced(function* (recipe: Recipe, now: ReadonlyArray<Judged>) {
  const { name, after } = recipe;
  if (after === undefined) return undefined;
  const { rows } = yield* rowsIn(join("results", after.study), "claims.ndjson", ClaimRow);
  return movedPage({ name, after }, rows, now);
});
