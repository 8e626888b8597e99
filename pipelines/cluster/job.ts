/**
 * A job is a stage, its settings and hashes of what it reads; its result is a hash. It names no path and no address. Bytes are promised per
 * kind of device and kernels, and per version of the code, so these belong to a job too. Two jobs with equal fields are one job:
 * its id is the SHA-256 of its canonical JSON (RFC 8785 for the values that occur: sorted keys, no spaces).
 */
import * as Schema from "@effect/schema";
import type { RecordedKernels } from "../../kernels/gpu/chosen_kernels.ts";
import { sha256 } from "../records/text.ts";

const isHash = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** The name of a blob: the SHA-256 of its bytes, 64 hexadecimal digits. */
export const BlobName = Schema.String.check(Schema.makeFilter(isHash, { expected: "64 hexadecimal digits" }));

/** Whether a text can name a blob. */
export const isBlobName = isHash;

/** One piece of a stage's work. */
export const ClusterJob = Schema.Struct({
  stage: Schema.NonEmptyString,
  /** JSON values; what changes no byte (batch, cache) is not among them. */
  settings: Schema.Record(Schema.String, Schema.Json),
  /** Names of the blobs that the stage reads, such as `prompts` and `model`. */
  reads: Schema.Record(Schema.String, BlobName),
  /** The digest of the sources (`code_version.ts`). */
  code: BlobName,
  /** The kind of adapter: `wasm`, `gpu`. */
  adapter: Schema.NonEmptyString,
  /** The kernels that replace the plain ones; empty if none do. */
  kernels: Schema.Array(Schema.String),
});

/** One piece of a stage's work. */
export type ClusterJob = typeof ClusterJob.Type;

/** The fields by which a worker knows that a job is for it. */
export type JobPlace = Pick<ClusterJob, "code" | "adapter" | "kernels">;

/** JSON with sorted keys; fields that are undefined are left out. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((one) => canonicalJson(one ?? null)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined).toSorted(([a], [b]) =>
    a < b ? -1 : 1
  );
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(",")}}`;
};

/** The id of a job. */
export const jobId = (job: ClusterJob): string => sha256(canonicalJson(job));

/** `sample 1a2b3c4d5e6f`: a job in messages. */
export const jobName = (job: Pick<ClusterJob, "stage">, id: string): string => `${job.stage} ${id.slice(0, 12)}`;

/** The kernels of a device's record as a job names them. */
export const kernelsOf = ({ kernels }: RecordedKernels): ReadonlyArray<string> =>
  Array.isArray(kernels) ? kernels.map(String) : [];

/** The queue of a place: workers of another version, device or kernels look into another one. */
export const queueOf = ({ code, adapter, kernels }: JobPlace): string =>
  [code.slice(0, 16), adapter, ...kernels.length === 0 ? ["plain"] : kernels].join(" ");

/** Why a worker leaves the jobs of another queue, as the end of a sentence. */
export const otherPlace = (queue: string, own: JobPlace): string => {
  const [code, adapter, ...kernels] = queue.split(" ");
  const mine = queueOf(own).split(" ");
  if (code !== mine[0]) return `for code ${code}, this worker has ${mine[0]}`;
  if (adapter !== mine[1]) return `for device kind "${adapter}", this worker has "${mine[1]}"`;
  return `for kernels "${kernels.join(",")}", this worker has "${mine.slice(2).join(",")}"`;
};
