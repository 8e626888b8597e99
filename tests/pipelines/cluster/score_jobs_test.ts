/** The stage score gives the same records in this process and in a cluster, under policy, reference and critic, at mixed temperatures. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import { Jobs } from "../../../pipelines/cluster/jobs.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { scoreStage } from "../../../pipelines/stages/score.ts";
import { makeScorerRunner } from "../../../pipelines/stages/score_work.ts";
import { base, collect, linesOf, refusal, rollouts, temporaryFolder, testStages } from "../stages/with_policy.ts";

const other = base.replace("countdown_1", "countdown_2");

const signed = Effect.map(rollouts(5, { responses: 2, maxTokens: 24 }), (drawn) =>
  drawn.map((record, i) => ({
    ...record,
    answer: "",
    correct: true,
    reason: "",
    reward: 1 as const,
    sign: "positive" as const,
    weight: 1,
    ...i % 3 === 0 && { temperature: 0.5 },
  })));

testStages("score gives the same records in this process and in a cluster", () =>
  Effect.gen(function* () {
    const records = yield* signed;
    const config = { model: base, reference: other, critic: base };
    const alone = linesOf(yield* collect(scoreStage, records, config));
    assert.equal(new Set(alone).size, 10);

    const shared = { cluster: "sqlite", store: yield* temporaryFolder };
    const { info } = yield* Policy;
    yield* Effect.forkScoped(work(shared, 30, { score: makeScorerRunner }));
    const jobs = yield* handOut(shared, info);
    const cut = collect(scoreStage, records, { ...config, block: 3 });
    assert.deepEqual(linesOf(yield* Effect.provideService(cut, Jobs, jobs)), alone);

    // Two temperatures of four and six responses make two blocks each, under three models.
    const database = new DatabaseSync(join(shared.store, "queue.sqlite"), { readOnly: true });
    const elements = database.prepare("SELECT element FROM signum_jobs WHERE state = 'completed'").all();
    database.close();
    const settings = elements.map(({ element }) => JSON.parse(String(element)).settings);
    const asked = settings.map(({ role, temperature }) => `${role} ${temperature}`).toSorted();
    const expected = ["critic", "policy", "reference"].flatMap((role) =>
      [0.5, 0.5, 1, 1].map((temperature) => `${role} ${temperature}`)
    );
    assert.deepEqual(asked, expected);
    // How many responses a job has, and where a model lies, are no part of it.
    assert(settings.every((one) => !("block" in one) && !("model" in one) && !("name" in one)));
  }));

testStages("a model whose numbers are not finite is the same refusal in a cluster", () =>
  Effect.gen(function* () {
    const [record] = yield* signed;
    const broken = join(yield* temporaryFolder, "model");
    cpSync(base, broken, { recursive: true });
    const file = join(broken, "model.safetensors");
    const bytes = readFileSync(file);
    // The last weights become NaN.
    bytes.fill(0xff, bytes.length - 64);
    writeFileSync(file, bytes);
    const config = { model: broken };
    const expected = yield* refusal(collect(scoreStage, [record], config));
    assert.match(expected, /a model gives numbers that are not finite/);

    const shared = { cluster: "sqlite", store: yield* temporaryFolder };
    const { info } = yield* Policy;
    yield* Effect.forkScoped(work(shared, 30, { score: makeScorerRunner }));
    const jobs = yield* handOut(shared, info);
    const cut = collect(scoreStage, [record], config);
    assert.equal(yield* refusal(Effect.provideService(cut, Jobs, jobs)), expected);
  }));
