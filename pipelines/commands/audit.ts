/**
 * `deno task audit`: what is wrong with the problems of a task. Gold answers that are missing, joined of several boxes or one of several, stored
 * targets that say something else than the solution, and problems that are asked twice: in training and in the test (a leak), or in one split.
 */
import { Effect, Struct } from "effect";
import { type Problem, tasks } from "../../data/mod.ts";
import { loadProblems, readRows } from "../files/source.ts";
import { type Finding, goldFindings, repeatedProblems } from "../../data/tasks/findings.ts";
import { flatTable } from "../reports/tables/flat_table.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { makeCommand, orRefusal } from "../settings/command.ts";
import { problems, reporting } from "../settings/groups.ts";
import { toText } from "../records/text.ts";

/** `deno task audit`; `--format json` gives a finding a line as NDJSON. */
export const auditCommand = makeCommand({
  name: "audit",
  summary: "What is wrong with a task's problems: broken gold answers, duplicates, leaks between training and test",
  settings: { ...Struct.pick(problems, ["task", "data"]), ...Struct.pick(reporting, ["format"]) },
  run: Effect.fnUntraced(function* ({ task: name, data, format }) {
    const task = tasks[name];
    const problems: Problem[] = [];
    const findings: Finding[] = [];
    for (const split of task.splits) {
      const loaded = yield* loadProblems(task, split, { data });
      problems.push(...loaded.problems);
      if (loaded.file !== null) findings.push(...goldFindings(yield* readRows(loaded.file), `${name}/${split}`));
    }
    findings.push(...repeatedProblems(problems));
    const { report, write } = yield* StandardStreams;
    yield* report(`${problems.length} problems, ${findings.length} findings`);
    if (findings.length === 0) return;
    const rows = findings.map((finding) => ({ ...finding }));
    const tables = yield* orRefusal(flatTable.build(rows));
    const isTerminal = yield* OutputIsTerminal;
    yield* write(format === "json" ? toText(rows) : renderTables(tables, { format, isTerminal }));
  }),
});
