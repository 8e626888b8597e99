/** Equal blocks are one job, and each of them gets its result. */
import assert from "node:assert/strict";
import { Effect, Stream } from "effect";
import { handOut } from "../../../pipelines/cluster/hand_out.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import { Policy } from "../../../pipelines/models/policy.ts";
import { temporaryFolder, testStages } from "../stages/with_policy.ts";
import { plainRunner, plainWork } from "./plain_stage.ts";

testStages("equal blocks, side by side or later, each get the result of their one job", () =>
  Effect.gen(function* () {
    const shared = { cluster: "sqlite", store: yield* temporaryFolder };
    const { info } = yield* Policy;
    let runs = 0;
    const counted = Effect.map(plainRunner(), (run) => (input: Parameters<typeof run>[0]) => {
      runs++;
      return run(input);
    });
    yield* Effect.forkScoped(work(shared, 30, { plain: counted }));
    const jobs = yield* handOut(shared, info);
    const { blocks, ...rest } = plainWork({ blocks: 2, pause: 300 });
    const [first, second] = blocks;
    const drawn = yield* Stream.runCollect(jobs.run({ ...rest, blocks: [first, first, second, first] }));
    const [one, other] = yield* Stream.runCollect(rest.here);
    assert.notEqual(one, other);
    assert.deepEqual([...drawn], [one, one, other, one]);
    assert.equal(runs, 2);
  }));
