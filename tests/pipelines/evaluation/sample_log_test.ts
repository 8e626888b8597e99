import assert from "node:assert/strict";
import { Effect } from "effect";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gradedOf } from "../../../pipelines/evaluation/graded.ts";
import type * as SampleLog from "../../../pipelines/evaluation/sample_log.ts";
import { openSampleLog } from "../../../pipelines/evaluation/sample_log.ts";

const problems = ["b", "a"];
const responses = 2;
const one = (problemId: string, sampleIndex: number, more: object = {}) =>
  gradedOf({
    problemId,
    sampleIndex,
    correct: sampleIndex === 0,
    answer: `answer ${sampleIndex} – ü`,
    ...more,
  });

const withFolder = async (use: (out: string, partial: string, whole: string) => Promise<void>) => {
  const out = mkdtempSync(join(tmpdir(), "signum-samples-"));
  await use(out, join(out, "samples.ndjson.partial"), join(out, "samples.ndjson"));
  rmSync(out, { recursive: true });
};

const opened = <A>(out: string, use: (log: SampleLog.SampleLog) => Effect.Effect<A, { readonly message: string }>) =>
  Effect.runPromise(Effect.scoped(Effect.flatMap(openSampleLog(out, problems, responses), use)));

const refusal = (out: string) =>
  Effect.runPromise(Effect.scoped(Effect.flip(openSampleLog(out, problems, responses)))).then(({ message }) => message);

Deno.test("responses come in any order, are there after a kill but for a torn line, and end in order", () =>
  withFolder(async (out, partial, whole) => {
    await opened(out, (log) => log.keep([one("a", 1), one("b", 1)]));
    appendFileSync(partial, '{"problemId":"a","sampleIndex":0,"correct":tr');
    await opened(out, (log) => {
      assert.deepEqual([log.has("a", 1), log.has("a", 0), log.has("b", 1), log.has("c", 0), log.has("b", 2)], [
        true,
        false,
        true,
        false,
        false,
      ]);
      assert.equal(log.count(), 2);
      return Effect.andThen(log.keep([one("a", 0), one("b", 0, { note: "é" })]), log.finish);
    });
    const lines = readFileSync(whole, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ problemId, sampleIndex }) => `${problemId}${sampleIndex}`), ["b0", "b1", "a0", "a1"]);
    assert.equal(lines[0].note, "é");
    assert.equal(existsSync(partial), false);
    // A kill between giving the name and removing the log.
    writeFileSync(partial, "left behind");
    await opened(out, (log) => {
      assert.deepEqual(log.facts().map(({ problemId, sampleIndex }) => `${problemId}${sampleIndex}`), [
        "b0",
        "b1",
        "a0",
        "a1",
      ]);
      return Effect.void;
    });
    assert.equal(existsSync(partial), false);
  }));

Deno.test("a kill while the finished file is written leaves the log as it was", () =>
  withFolder(async (out, partial, whole) => {
    await opened(out, (log) => log.keep([one("a", 1), one("a", 0), one("b", 1), one("b", 0)]));
    writeFileSync(`${whole}.ordered`, "half");
    await opened(out, (log) => log.finish);
    assert.equal(readFileSync(whole, "utf8").split("\n").length, 5);
    assert.equal(existsSync(`${whole}.ordered`), false);
    assert.equal(existsSync(partial), false);
  }));

Deno.test("a log that holds something else is refused with its line", () =>
  withFolder(async (out, partial, whole) => {
    const lines = (...records: ReadonlyArray<object | string>) =>
      records.map((record) => `${typeof record === "string" ? record : JSON.stringify(record)}\n`).join("");
    writeFileSync(partial, lines(one("a", 0), "not json", one("a", 1)));
    assert.match(await refusal(out), /partial", line 2: the line must be a JSON object, found not json/);
    writeFileSync(partial, lines(one("a", 0), { problemId: "a", sampleIndex: 1 }));
    assert.match(await refusal(out), /line 2: field "correct" must be true or false, found nothing/);
    writeFileSync(partial, lines(one("a", 0), one("a", 0)));
    assert.match(await refusal(out), /line 2: response 0 to "a" is there twice$/);
    writeFileSync(partial, lines(one("c", 0)));
    assert.match(await refusal(out), /line 1: response 0 to "c" was not asked for$/);
    assert.equal(readFileSync(partial, "utf8"), lines(one("c", 0)));
    writeFileSync(whole, lines(one("a", 0)));
    assert.match(await refusal(out), /samples.ndjson": it has 1 responses, expected 4$/);
  }));
