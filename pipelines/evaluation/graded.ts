/**
 * Graded responses as an evaluation keeps them: what figures need, and the line of `samples.ndjson`. In a cluster the worker that draws a block
 * also grades it and writes its lines, so the command reads a few fields and puts the text into the file as it is.
 */
import { Effect, Result, Stream } from "effect";
import { tasks } from "../../data/mod.ts";
import { Jobs, type MakeRunner } from "../cluster/jobs.ts";
import type { Policy } from "../models/policy.ts";
import { encode } from "../records/record.ts";
import type * as Records from "../records/schema.ts";
import type { Failure } from "../settings/command.ts";
import { grading, server } from "../settings/groups.ts";
import type { Settings } from "../settings/settings.ts";
import { drawingWork, type Form, makeDrawingRunner, rolloutsHere, type SampleRequest } from "../stages/sample_work.ts";
import { verify } from "../stages/verify.ts";
import { type Fact, factFrom, factOf, type Kept } from "./facts.ts";

/** A graded response: its facts, and its record as a line, made when it is written. */
export type Graded = Fact & { readonly line: () => string };

/** A graded response from its record. */
export const gradedOf = (verdict: Kept): Graded => ({ ...factOf(verdict), line: () => encode(verdict) });

/** How responses are graded, and whether their records keep the numbers of each token. */
type GradingSettings = Pick<Settings, "extract" | "logprobs">;

/** The record of a rollout: graded, and without the lists that only training needs where they are not wanted, a tenth of the bytes. */
const recordOf = (rollout: Records.Rollout, { extract, logprobs }: GradingSettings): Kept => {
  const { logProbs: _, entropy: __, ...short } = rollout;
  return verify(logprobs ? rollout : short, tasks[rollout.task], extract);
};

/** A worker gets whole prompts, as it grades, and gives the lines of the log. */
const formOf = (settings: GradingSettings): Form<Records.Prompt, Graded> => ({
  stage: "evaluate",
  settings: { extract: settings.extract, logprobs: settings.logprobs },
  sent: (prompt) => prompt,
  received: (line, place) => Result.map(factFrom(line, place), (fact) => ({ ...fact, line: () => line })),
});

/** Draws and grades responses, in this process or in the cluster, in order. */
export const drawGraded = (
  request: SampleRequest<Records.Prompt>,
  settings: GradingSettings,
): Stream.Stream<Graded, Failure, Policy> =>
  Stream.unwrap(Effect.map(Jobs, (jobs) => {
    const here = Stream.map(rolloutsHere(request), (rollout) => gradedOf(recordOf(rollout, settings)));
    return jobs.run(drawingWork(request, formOf(settings), { model: request.model }, here));
  }));

/** The runner of blocks of prompts whose responses are drawn and graded. */
export const makeGradedRunner = (memory: Pick<Settings, "batch" | "cache">): MakeRunner =>
  makeDrawingRunner(memory, {
    settings: { extract: grading.extract, logprobs: server.logprobs },
    needs: ["problemId", "task", "question", "goldAnswer", "promptTokens"],
    line: (rollout, settings) => encode(recordOf(rollout, settings)),
  });
