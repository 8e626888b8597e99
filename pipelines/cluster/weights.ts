/**
 * Weights by hash. Those of a training change at every step, so they travel as ranges of what the passes read (16-bit words where the storage type
 * has 16 bits): a list names the files of configuration and tokenizer and the blob of each range, and its hash stands for the weights. A worker
 * keeps the weights of its last jobs on the device and reads only the ranges that differ.
 */
import { Effect } from "effect";
import * as Schema from "@effect/schema";
import { formatOf, storageTypes } from "../../kernels/gpu/half_precision.ts";
import { readConfig } from "../models/checkpoint.ts";
import { purposeIn } from "../models/memory_purposes.ts";
import { fromParameters, type Model, releaseModel } from "../models/model.ts";
import { withValueHead } from "../models/model_config.ts";
import * as Parameters from "../models/parameters.ts";
import type { Policy } from "../models/policy.ts";
import type { Failure } from "../settings/command.ts";
import type { BlobStore } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { BlobName, canonicalJson } from "./job.ts";
import type { Weights } from "./jobs.ts";
import { keepModel, type KeptModel, modelCopies } from "./model_files.ts";
import { fillRanges, rangeBytes, rangesOf } from "./parameter_blobs.ts";

const List = Schema.Struct({
  /** The hash of the list of small files. */
  files: BlobName,
  storage: Schema.Literals(storageTypes),
  activations: Schema.Literals(storageTypes),
  /** What the configuration's files alone do not tell. */
  tied: Schema.Boolean,
  valueHead: Schema.Boolean,
  valueBias: Schema.Boolean,
  knownTokens: Schema.NullOr(Schema.Int),
  ranges: Schema.Array(BlobName),
});
const decodeList = Schema.decodeUnknownEffect(Schema.fromJsonString(List));

/** Whether a file of a model directory holds no weights. */
const isSmall = (name: string): boolean => !name.endsWith(".safetensors");

/** Weights in the store: the hash of their list, and how to put back each blob: those of the files, and those that change with the weights. */
export interface KeptWeights {
  readonly list: string;
  readonly files: KeptModel["sources"];
  readonly changing: KeptModel["sources"];
}

/** Keeps weights; ranges that the store has are not written again. */
export const keepWeights = Effect.fn("Cluster.keepWeights")(function* (
  store: BlobStore,
  { model, dir }: Weights,
): Effect.fn.Return<KeptWeights, Failure> {
  const { encoder, config, storage, activations } = model;
  const set = model.copy ?? model.parameters;
  const files = yield* keepModel(store, dir, isSmall);
  const puts = rangesOf(set.layout).map((range) =>
    rangeBytes(encoder, set, range).pipe(
      Effect.mapError(({ message }) => new ClusterError({ reason: "device", message })),
      Effect.flatMap(store.put),
    )
  );
  const ranges = yield* Effect.all(puts);
  const list: typeof List.Type = {
    files: files.list,
    storage,
    activations,
    tied: config.tied,
    valueHead: config.valueHead,
    valueBias: config.valueBias === true,
    knownTokens: config.knownTokens ?? null,
    ranges,
  };
  const text = canonicalJson(list);
  const name = yield* store.put(text);
  const own = ranges.map((blob, i): KeptModel["sources"][number] => [blob, puts[i]]);
  return { list: name, files: files.sources, changing: [...own, [name, store.put(text)]] };
});

/** Weights on a worker's device, and the blobs that they were read from. */
interface Held {
  readonly model: Model;
  readonly ranges: string[];
}

/** Weights by hash as a worker has them. */
export interface HeldWeights {
  readonly model: Model;
  readonly dir: string;
}

/** The policy, the reference and the critic of one run. */
const most = 3;

/** Gives weights by the hash of their list; the last ones stay on the device, those of a run are changed in place. */
export const weightsHolder = (store: BlobStore, { encoder }: Pick<Policy["Service"], "encoder">) => {
  const held = new Map<string, Held>();
  const copyOf = modelCopies(store);
  return Effect.fn("Cluster.holdWeights")(function* (name: string): Effect.fn.Return<HeldWeights, Failure> {
    const text = new TextDecoder().decode(yield* store.get(name));
    const { ranges, ...kind } = yield* Effect.mapError(
      decodeList(text),
      () => new ClusterError({ reason: "damaged", message: `Cannot read weights "${name}": it is no list of them` }),
    );
    const dir = yield* copyOf(kind.files);
    const key = canonicalJson(kind);
    let one = held.get(key);
    if (one === undefined) {
      for (const [oldest, { model }] of held) {
        if (held.size < most) break;
        releaseModel(model);
        held.delete(oldest);
      }
      one = { model: yield* emptyModel(encoder, dir, kind), ranges: [] };
    }
    // The last used one is the last to go.
    held.delete(key);
    held.set(key, one);
    yield* fillRanges(encoder, one.model.parameters, ranges, store.get, one.ranges);
    return { model: one.model, dir };
  });
};

/** A model of the configuration in `dir`, with weights of zero. */
const emptyModel = Effect.fnUntraced(function* (
  encoder: Policy["Service"]["encoder"],
  dir: string,
  { storage, activations, tied, valueHead, valueBias, knownTokens }: Omit<typeof List.Type, "ranges">,
) {
  const read = { ...(yield* readConfig(dir)).config, tied };
  const config = {
    ...valueHead ? withValueHead(read) : read,
    ...valueHead && { valueBias },
    ...knownTokens !== null && { knownTokens },
  };
  const layout = Parameters.parameterLayout(config);
  const parameters = Parameters.zeros(encoder, layout, purposeIn(config, "weights"), formatOf(storage));
  return fromParameters(encoder, config, parameters, { storage, activations });
});
