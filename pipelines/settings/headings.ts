/**
 * The heads under which `--help` prints the settings of a command, from the groups, and which settings are rare: those that most
 * users leave as they are. `--help` names the rare ones, `--help all` describes them.
 */
import { Struct } from "effect";
import * as Groups from "./groups.ts";
import type { Group } from "./setting.ts";

/** A head, the keys below it, and those among them that are rare. */
export interface Heading {
  readonly head: string;
  readonly keys: ReadonlyArray<string>;
  readonly rare: ReadonlyArray<string>;
}

const heading = <S extends Group>(head: string, group: S, rare: ReadonlyArray<keyof S & string> = []): Heading => ({
  head,
  keys: Object.keys(group),
  rare,
});

const keysIn = <S extends Group>(group: S): ReadonlyArray<keyof S> => Struct.keys(group);

/** Every head, in the order of the help. */
export const headings: ReadonlyArray<Heading> = [
  heading("Model", Groups.models),
  heading("Problems", Groups.problems, ["problemSeed", "alike", "date"]),
  heading("Sampling", { ...Groups.sampling, ...Groups.permissions }, ["allowTruncatedSampling"]),
  heading("Server", Groups.server, ["requestResponses", "requestsPerMinute", "timeout", "retries", "logprobs"]),
  heading("Serving", Groups.serving, ["updateFolder", "updateKeyFile"]),
  heading("Grading", Groups.grading),
  heading("Loss", { ...Groups.loss, ...Groups.published, ...Groups.signals }, [
    "dualClip",
    "klInLoss",
    "normalizeAdvantage",
    "truncated",
    "asPublished",
    "falseAccepts",
    "falseRejects",
    "wrongResponses",
  ]),
  heading("Settings of single algorithms", Groups.algorithmSettings, keysIn(Groups.algorithmSettings)),
  heading("Optimizer", Groups.optimizing, ["criticLearningRate", "moments"]),
  heading("Schedule", Groups.schedule, ["criticMiniBatch", "gradientChunk", "gradientLeaves"]),
  heading("Begin from a run", Groups.beginning),
  heading("Tests and checkpoints", Groups.keeping, ["keep"]),
  heading("Memory and time", { ...Groups.memory, ...Groups.planning }, ["batch", "cache", "recompute", "offload"]),
  heading("Number types and kernels", { ...Groups.passes, ...Groups.device }, [
    "storage",
    "activations",
    "paddedVocabulary",
    "kernels",
  ]),
  heading("Base model", Groups.base, ["surplusIds"]),
  heading("Study", Groups.studies),
  heading("Rollouts of servers", Groups.rolloutServers, ["rolloutsFolder", "importanceCap", "injectMismatch"]),
  heading("Cluster", {
    ...Groups.cluster,
    ...Groups.blocks,
    ...Groups.gradientJobs,
    ...Groups.workers,
    ...Groups.sharing,
  }, [
    ...keysIn(Groups.sharing),
    "ahead",
    "block",
    "leavesPerJob",
    "storePort",
  ]),
  heading("Responses read", Groups.reading),
  heading("Tables and figures", Groups.reporting, ["bootstrap"]),
  heading("Imports and parts", { ...Groups.imports, ...Groups.duplicates, ...Groups.archive }),
  heading("Files", Groups.files),
];
