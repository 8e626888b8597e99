/** What `reproduce` says of the results that stand already, and which files it writes beside them. */
import { Effect } from "effect";
import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Policy } from "../../../pipelines/models/policy.ts";
import { comparison } from "../../../pipelines/recipes/recipe.ts";
import { tiny } from "../../../pipelines/recipes/tiny.ts";
import { check, reproduce } from "../../../pipelines/study/reproduce.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import { base, refusal, temporaryFolder, testStages } from "../stages/with_policy.ts";

const recipe = comparison({
  ...tiny,
  name: "small",
  settings: { ...tiny.settings, model: base, prompts: 2, miniBatch: 2, responses: 4, steps: 2, testEvery: 0 },
  algorithms: ["nsr"],
  evaluations: [{ name: "T 0.6", settings: { split: "test", limit: 6, responses: 4, temperature: 0.6, topP: 0.95 } }],
});

/** Where the run of the study lies: each test makes its results from the same run, the last one changes it. */
const home = await Deno.makeTempDir();
addEventListener("unload", () => rmSync(home, { recursive: true }));

const filesOf = (folder: string) =>
  new Map(readdirSync(folder).sort().map((name) => [name, readFileSync(join(folder, name)).toString("base64")]));

/** Runs the study, or reads its run; gives the lines of stderr. */
const runIn = (choice: { readonly out: string; readonly committed: string; readonly gather?: boolean }) =>
  Effect.gen(function* () {
    const io = memory("");
    yield* reproduce(recipe, { ...choice, root: home }).pipe(Effect.provideService(StandardStreams, io.streams));
    return io.stderr().trim().split("\n");
  });

const edit = (file: string, from: RegExp, to: string) => {
  const text = readFileSync(file, "utf8");
  assert.match(text, from);
  writeFileSync(file, text.replace(from, to));
};

testStages(
  "results that are made again keep the commit that made them, and reproduce ends by saying that they are the same",
  () =>
    Effect.gen(function* () {
      const [out, elsewhere] = [yield* temporaryFolder, yield* temporaryFolder];
      // Nothing stands there yet.
      const first = yield* runIn({ out, committed: out });
      assert.match(first.at(-1) ?? "", /^read ".*report\.html"$/);
      // Another commit made them.
      edit(join(out, "record.json"), /"commit": "\w+"/, `"commit": "${"c".repeat(40)}"`);
      yield* runIn({ out, committed: out, gather: true });
      const before = filesOf(out);
      const times = () => readdirSync(out).map((name) => statSync(join(out, name)).mtimeMs);
      const then = times();
      const again = yield* runIn({ out, committed: out });
      assert.deepEqual(filesOf(out), before);
      assert.deepEqual(times(), then);
      assert.match(again.at(-3) ?? "", /minutes; every file of ".*" stays as it is$/);
      assert.match(
        again.at(-1) ?? "",
        /^records, tables and pictures equal those of ".*", byte for byte \(\d+ files\)$/,
      );
      // In a folder of their own they name the commit of now, and are still the committed ones.
      const apart = yield* runIn({ out: elsewhere, committed: out });
      assert.match(apart.at(-1) ?? "", /^records, tables and pictures equal those of /);
      assert.notEqual(filesOf(elsewhere).get("record.json"), before.get("record.json"));
      assert.equal(filesOf(elsewhere).get("evaluations.ndjson"), before.get("evaluations.ndjson"));
      yield* check(recipe, elsewhere);
    }),
);

testStages(
  "reproduce names what is not as it was committed, and the adapter that gives those bytes",
  () =>
    Effect.gen(function* () {
      const out = yield* temporaryFolder;
      yield* runIn({ out, committed: out });
      const record = join(out, "record.json");
      edit(join(out, "evaluations.ndjson"), /"passAtK":\d/, '"passAtK":7');
      const changed = yield* runIn({ out, committed: out });
      assert.match(
        changed.at(-1) ?? "",
        /^1 of \d+ files are not those of ".*": "evaluations\.ndjson" differs at byte \d+$/,
      );
      const { info } = yield* Policy;
      edit(record, new RegExp(`"device": "${info.kind}`), '"device": "another');
      const other = yield* runIn({ out, committed: out });
      assert.equal(
        other.at(-1),
        `these bytes come of this device's rounding (${info.kind}, ${info.description}); SIGNUM_ADAPTER=another gives those of "${out}"`,
      );
      assert.match(readFileSync(record, "utf8"), new RegExp(`"device": "${info.kind}, `));
    }),
);

testStages(
  "a study does not go on with a run that another kind of adapter made, finished or not",
  () =>
    Effect.gen(function* () {
      const out = yield* temporaryFolder;
      yield* runIn({ out, committed: out });
      const config = join(home, "studies/small/nsr/config.json");
      // The run is finished, and its cell is to be made again.
      rmSync(join(home, "studies/small/cells/nsr.json"));
      const { info } = yield* Policy;
      edit(config, new RegExp(`"adapter": "${info.kind}"`), '"adapter": "another"');
      const begun =
        `^Cannot go on with ".*studies/small/nsr": it was begun on another, now the adapter is ${info.kind} `;
      assert.match(
        yield* refusal(runIn({ out, committed: out })),
        new RegExp(`${begun}\\(SIGNUM_ADAPTER=another chooses the first\\); to begin again, remove it$`),
      );
      edit(config, /"adapter": "another"/, '"other": 1');
      assert.match(
        yield* refusal(runIn({ out, committed: out })),
        /begun on an adapter that its config\.json does/,
      );
    }),
);
