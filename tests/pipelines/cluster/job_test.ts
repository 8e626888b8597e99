/** A job's id is the hash of what decides its result, and of nothing else. */
import assert from "node:assert/strict";
import {
  canonicalJson,
  type ClusterJob,
  isBlobName,
  jobId,
  otherPlace,
  queueOf,
} from "../../../pipelines/cluster/job.ts";
import { sha256 } from "../../../pipelines/records/text.ts";

const hash = (digit: string) => digit.repeat(64);
const job: ClusterJob = {
  stage: "sample",
  settings: { seed: 1, topP: 0.9 },
  reads: { block: hash("1"), model: hash("2") },
  code: hash("a"),
  adapter: "wasm",
  kernels: [],
};

Deno.test("canonical JSON has sorted keys, no spaces and no absent fields", () => {
  assert.equal(
    canonicalJson({ b: [1, { d: null, c: "é" }], a: undefined, A: 1e-7, aa: true }),
    '{"A":1e-7,"aa":true,"b":[1,{"c":"é","d":null}]}',
  );
});

Deno.test("a job's id does not depend on the order of its fields and changes with each of them", () => {
  const { stage, ...rest } = job;
  assert.equal(jobId({ ...rest, stage, settings: { topP: 0.9, seed: 1 } }), jobId(job));
  assert.equal(jobId(job), sha256(canonicalJson(job)));
  const others: ReadonlyArray<Partial<ClusterJob>> = [
    { stage: "cell" },
    { settings: { seed: 2, topP: 0.9 } },
    { reads: { ...job.reads, model: hash("3") } },
    { code: hash("b") },
    { adapter: "gpu" },
    { kernels: ["matrix"] },
  ];
  assert.equal(new Set([job, ...others.map((one) => ({ ...job, ...one }))].map(jobId)).size, others.length + 1);
});

Deno.test("workers of other code, device kind or kernels look into other queues and say why they leave jobs", () => {
  const own = { code: hash("a"), adapter: "wasm", kernels: [] };
  assert.equal(queueOf(job), `${"a".repeat(16)} wasm plain`);
  assert.match(otherPlace(queueOf({ ...own, code: hash("b") }), own), /^for code b{16}, this worker has a{16}$/);
  assert.match(otherPlace(queueOf({ ...own, adapter: "gpu" }), own), /^for device kind "gpu", this worker has "wasm"$/);
  assert.match(
    otherPlace(queueOf({ ...own, kernels: ["matrix"] }), own),
    /^for kernels "matrix", this worker has "plain"$/,
  );
});

Deno.test("a blob's name is no path", () => {
  assert(isBlobName(hash("0")));
  for (const name of ["..", "a/b", hash("g"), `${hash("0")}\n`]) assert(!isBlobName(name), name);
});
