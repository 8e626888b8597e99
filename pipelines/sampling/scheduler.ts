/**
 * The scheduler of continuous batching: which requests run in which slots, and which blocks of the cache each one holds. Requests start in
 * order while a slot and enough blocks are free. A running sequence gets more blocks as it grows. If too few are free, the next round has
 * fewer steps; if not even one step fits, the sequence that started last is preempted and waits at the head of the queue. So every running
 * request comes before every waiting one, and the first unfinished request always runs. Neighbouring requests with the same prompt share
 * the prompt's blocks. Requests may be added and removed at any time between rounds. The blocks of a prompt stay cached while one of the requests runs, and after that until others need them. (vLLM:
 * `v1/core/sched/scheduler.py`.)
 */
import { blocksFor } from "../../kernels/ops/kv_cache/blocks.ts";
import { BlockPool } from "./block_pool.ts";
import { isSamePrompt, type PoolShape, type Request } from "./pool_shape.ts";

/** A prompt whose keys and values are cached in these blocks; `table` is the number of its block table. */
export interface CachedPrompt {
  readonly tokens: Int32Array;
  readonly table: number;
  readonly blocks: ReadonlyArray<number>;
}

/** A running request: its slot, the blocks of its response so far, and the number of tokens it had `generated` when it took the slot. */
export interface Running {
  readonly slot: number;
  readonly index: number;
  readonly request: Request;
  readonly prompt: CachedPrompt;
  readonly blocks: ReadonlyArray<number>;
  readonly generated: number;
}

type Waiting = Pick<Running, "index" | "generated">;

/** Neighbouring requests with the same prompt: how many are unfinished, how many run, and the prompt while it is cached. */
interface PromptGroup {
  unfinished: number;
  running: number;
  cached: CachedPrompt | undefined;
}

/** An unfinished request. */
interface Unfinished {
  readonly request: Request;
  readonly group: PromptGroup;
}

/** A preemption limits the number of running sequences to those left. Each one that finishes raises the limit by this much. */
const regained = 1 / 8;

/** Rows that a response of `length` tokens needs for more steps. A finished one reruns its newest token with the others. */
const rowsAfter = (length: number, steps: number, maxTokens: number): number =>
  Math.min(Math.max(1, length) + steps - 1, maxTokens);

/** Assigns slots and blocks to requests. */
export class Scheduler {
  readonly #blocks: BlockPool;
  /** The unfinished requests, by index. */
  readonly #unfinished = new Map<number, Unfinished>();
  readonly #groups = new Set<PromptGroup>();
  readonly #running = new Map<number, Running & { readonly blocks: number[] }>();
  readonly #freeSlots: number[];
  readonly #freeTables: number[];
  /** Preempted requests; the one that resumes first is last. */
  readonly #preempted: Array<Waiting> = [];
  #count = 0;
  #next = 0;
  #newest: Unfinished | undefined;
  #maxRunning = Infinity;
  #steps = 1;
  #isShort = false;
  #sorted: ReadonlyArray<Running> | undefined;

  constructor(requests: ReadonlyArray<Request>, { slots, blocks, prompts }: PoolShape) {
    this.#blocks = new BlockPool(blocks);
    this.#freeSlots = Array.from({ length: slots }, (_, i) => slots - 1 - i);
    this.#freeTables = Array.from({ length: prompts }, (_, i) => prompts - 1 - i);
    for (const request of requests) this.add(request);
  }

  /** Adds a request behind all others and returns its index. */
  add(request: Request): number {
    const before = this.#newest;
    const isNeighbour = before !== undefined && before.group.unfinished > 0 &&
      isSamePrompt(before.request.promptTokens, request.promptTokens);
    const group: PromptGroup = isNeighbour ? before.group : { unfinished: 0, running: 0, cached: undefined };
    group.unfinished++;
    this.#groups.add(group);
    this.#newest = { request, group };
    this.#unfinished.set(this.#count, this.#newest);
    return this.#count++;
  }

  /** The running sequences, by slot. */
  get running(): ReadonlyArray<Running> {
    return this.#sorted ??= [...this.#running.values()].sort((a, b) => a.slot - b.slot);
  }

  /** Whether no request runs and none waits. */
  get isDone(): boolean {
    return this.#unfinished.size === 0;
  }

  /** The number of requests without a slot. */
  get waiting(): number {
    return this.#unfinished.size - this.#running.size;
  }

  /** The number of free blocks. */
  get freeBlocks(): number {
    return this.#blocks.count;
  }

  /** The number of steps that every running sequence has blocks for. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Gives the running sequences blocks for `steps` more steps, or for fewer (at least one). Returns the sequences that were preempted for
   * it, the last started first. `lengthOf` is the number of tokens of a response.
   */
  allocate(steps: number, lengthOf: (running: Running) => number): ReadonlyArray<Running> {
    const preempted: Running[] = [];
    while (this.#missing(1, lengthOf) > this.#blocks.count) {
      const idle = this.#groups.values().find(({ cached, running }) => cached !== undefined && running === 0);
      if (idle !== undefined) this.#evict(idle);
      else preempted.push(this.#preempt(lengthOf));
    }
    if (preempted.length > 0) this.#maxRunning = this.#running.size;
    this.#steps = steps;
    while (this.#missing(this.#steps, lengthOf) > this.#blocks.count) this.#steps--;
    this.#isShort = this.#steps < steps;
    for (const running of this.#running.values()) {
      const { blocks, request } = running;
      const rows = rowsAfter(lengthOf(running), this.#steps, request.maxTokens);
      blocks.push(...this.#blocks.take(Math.max(0, blocksFor(rows) - blocks.length)) ?? []);
    }
    return preempted;
  }

  /** Starts waiting requests while there is room for the allocated steps. `prompts` are those that must be prefilled. */
  admit(): { readonly started: ReadonlyArray<Running>; readonly prompts: ReadonlyArray<CachedPrompt> } {
    const started: Running[] = [];
    const prompts: CachedPrompt[] = [];
    this.#freeSlots.sort((a, b) => b - a);
    // No request starts while running sequences lack blocks.
    while (!this.#isShort && this.#freeSlots.length > 0 && this.#running.size < Math.floor(this.#maxRunning)) {
      const waiting = this.#first();
      if (waiting === undefined) break;
      const isCached = this.#unfinished.get(waiting.index)?.group.cached !== undefined;
      const running = this.#start(waiting);
      if (running === undefined) break;
      started.push(running);
      if (!isCached) prompts.push(running.prompt);
    }
    return { started, prompts };
  }

  /** Frees the slot and the blocks of a finished sequence. */
  finish(running: Running): void {
    this.#stop(running);
    this.#maxRunning += regained;
    this.#leave(running.index);
  }

  /** Removes a request, whether it runs or waits; one that has finished is no longer there. */
  remove(index: number): void {
    const running = this.#running.values().find((one) => one.index === index);
    if (running !== undefined) return this.finish(running);
    const place = this.#preempted.findIndex((one) => one.index === index);
    if (place >= 0) this.#preempted.splice(place, 1);
    this.#leave(index);
  }

  /** Forgets a request without a slot, and its prompt if no other needs it. */
  #leave(index: number): void {
    const group = this.#unfinished.get(index)?.group;
    if (group === undefined) return;
    this.#unfinished.delete(index);
    group.unfinished--;
    if (group.unfinished > 0) return;
    this.#evict(group);
    this.#groups.delete(group);
  }

  /** The request that starts next. */
  #first(): Waiting | undefined {
    const preempted = this.#preempted.at(-1);
    if (preempted !== undefined) return preempted;
    while (this.#next < this.#count && !this.#unfinished.has(this.#next)) this.#next++;
    return this.#next < this.#count ? { index: this.#next, generated: 0 } : undefined;
  }

  #missing(steps: number, lengthOf: (running: Running) => number): number {
    let count = 0;
    for (const running of this.#running.values()) {
      const rows = rowsAfter(lengthOf(running), steps, running.request.maxTokens);
      count += Math.max(0, blocksFor(rows) - running.blocks.length);
    }
    return count;
  }

  #start({ index, generated }: Waiting): Running | undefined {
    const unfinished = this.#unfinished.get(index);
    if (unfinished === undefined) return undefined;
    const { request, group } = unfinished;
    const responseBlocks = blocksFor(rowsAfter(generated, this.#steps, request.maxTokens));
    const promptBlocks = group.cached === undefined ? blocksFor(request.promptTokens.length) : 0;
    const blocks = this.#blocks.take(responseBlocks + promptBlocks);
    if (blocks === undefined) return undefined;
    group.cached ??= {
      tokens: request.promptTokens,
      table: this.#freeTables.pop() ?? 0,
      blocks: blocks.splice(responseBlocks),
    };
    group.running++;
    const running = { slot: this.#freeSlots.pop() ?? 0, index, request, prompt: group.cached, blocks, generated };
    this.#running.set(running.slot, running);
    this.#sorted = undefined;
    if (index < this.#next) this.#preempted.pop();
    else this.#next++;
    return running;
  }

  /** Preempts the running sequence that comes last in the order of requests. */
  #preempt(lengthOf: (running: Running) => number): Running {
    const last = [...this.#running.values()].reduce((last, other) => other.index > last.index ? other : last);
    const group = this.#stop(last);
    if (group?.running === 0) this.#evict(group);
    this.#preempted.push({ index: last.index, generated: lengthOf(last) });
    return last;
  }

  /** Frees a slot and the blocks of its response. */
  #stop({ slot, index, blocks }: Running): PromptGroup | undefined {
    this.#running.delete(slot);
    this.#sorted = undefined;
    this.#freeSlots.push(slot);
    this.#blocks.give(blocks);
    const group = this.#unfinished.get(index)?.group;
    if (group !== undefined) group.running--;
    return group;
  }

  #evict(group: PromptGroup): void {
    if (group.cached === undefined) return;
    this.#blocks.give(group.cached.blocks);
    this.#freeTables.push(group.cached.table);
    group.cached = undefined;
  }
}
