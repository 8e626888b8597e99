/**
 * The scheduler of continuous batching: which requests run in which slots, and which blocks of the cache each one holds. Requests start in
 * order while a slot and enough blocks are free. A running sequence gets more blocks as it grows. If too few are free, the next round has
 * fewer steps; if not even one step fits, the sequence that started last is preempted and waits at the head of the queue. So every running
 * request comes before every waiting one, and the first unfinished request always runs. Neighbouring requests with the same prompt share
 * the prompt's blocks. These stay cached while one of the requests runs, and after that until others need them. (vLLM:
 * `v1/core/sched/scheduler.py`.)
 */
import { blocksFor } from "../../kernels/ops/kv_cache/blocks.ts";
import { BlockPool } from "./block_pool.ts";
import { type PoolShape, promptGroups, type Request } from "./pool_shape.ts";

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

/** A preemption limits the number of running sequences to those left. Each one that finishes raises the limit by this much. */
const regained = 1 / 8;

/** Rows that a response of `length` tokens needs for more steps. A finished one reruns its newest token with the others. */
const rowsAfter = (length: number, steps: number, maxTokens: number): number =>
  Math.min(Math.max(1, length) + steps - 1, maxTokens);

/** Assigns slots and blocks to requests. */
export class Scheduler {
  readonly #requests: ReadonlyArray<Request>;
  readonly #blocks: BlockPool;
  readonly #groupOf: Uint32Array;
  readonly #groups: ReadonlyArray<PromptGroup>;
  readonly #running = new Map<number, Running & { readonly blocks: number[] }>();
  readonly #freeSlots: number[];
  readonly #freeTables: number[];
  /** Preempted requests; the one that resumes first is last. */
  readonly #preempted: Array<Waiting> = [];
  #next = 0;
  #maxRunning = Infinity;
  #steps = 1;
  #isShort = false;
  #sorted: ReadonlyArray<Running> | undefined;

  constructor(requests: ReadonlyArray<Request>, { slots, blocks, prompts }: PoolShape) {
    this.#requests = requests;
    this.#blocks = new BlockPool(blocks);
    this.#groupOf = promptGroups(requests);
    const groups: PromptGroup[] = [];
    for (const group of this.#groupOf) {
      (groups[group] ??= { unfinished: 0, running: 0, cached: undefined }).unfinished++;
    }
    this.#groups = groups;
    this.#freeSlots = Array.from({ length: slots }, (_, i) => slots - 1 - i);
    this.#freeTables = Array.from({ length: prompts }, (_, i) => prompts - 1 - i);
  }

  /** The running sequences, by slot. */
  get running(): ReadonlyArray<Running> {
    return this.#sorted ??= [...this.#running.values()].sort((a, b) => a.slot - b.slot);
  }

  /** Whether no request runs and none waits. */
  get isDone(): boolean {
    return this.#running.size === 0 && this.#waiting === undefined;
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
      const idle = this.#groups.find(({ cached, running }) => cached !== undefined && running === 0);
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
      const waiting = this.#waiting;
      if (waiting === undefined) break;
      const isCached = this.#groups[this.#groupOf[waiting.index]].cached !== undefined;
      const running = this.#start(waiting);
      if (running === undefined) break;
      started.push(running);
      if (!isCached) prompts.push(running.prompt);
    }
    return { started, prompts };
  }

  /** Frees the slot and the blocks of a finished sequence. */
  finish(running: Running): void {
    const group = this.#stop(running);
    group.unfinished--;
    this.#maxRunning += regained;
    if (group.unfinished === 0) this.#evict(group);
  }

  get #waiting(): Waiting | undefined {
    return this.#preempted.at(-1) ??
      (this.#next < this.#requests.length ? { index: this.#next, generated: 0 } : undefined);
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
    const request = this.#requests[index];
    const group = this.#groups[this.#groupOf[index]];
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
    if (group.running === 0) this.#evict(group);
    this.#preempted.push({ index: last.index, generated: lengthOf(last) });
    return last;
  }

  /** Frees a slot and the blocks of its response. */
  #stop({ slot, index, blocks }: Running): PromptGroup {
    this.#running.delete(slot);
    this.#sorted = undefined;
    this.#freeSlots.push(slot);
    this.#blocks.give(blocks);
    const group = this.#groups[this.#groupOf[index]];
    group.running--;
    return group;
  }

  #evict(group: PromptGroup): void {
    if (group.cached === undefined) return;
    this.#blocks.give(group.cached.blocks);
    this.#freeTables.push(group.cached.table);
    group.cached = undefined;
  }
}
