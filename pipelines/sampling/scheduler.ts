/**
 * Which request sits at which place of the decoding pool, and which pages of the cache it has. Requests are seated in their order, as many as
 * there are places and pages for; a place that is left goes to the next one. Who sits gets pages as it grows. Where there are too few, fewer
 * steps are taken, and where not one step could be, the youngest leave their places and wait in front of all who have not sat yet: everybody
 * who sits stands before everybody who waits, so the oldest always goes on. Responses to one prompt that stand together share its pages,
 * which are kept as long as one of them sits, and after that while nobody lacks them and more are to come.
 */
import { pagesFor } from "../../kernels/ops/kv_cache/pages.ts";
import { FreePages } from "./free_pages.ts";
import { type PoolShape, type Request, runsOf } from "./pool_shape.ts";

/** A prompt whose keys and values are in the cache, in these pages; it has one of the lists of prompts. */
export interface SeatedPrompt {
  readonly tokens: Int32Array;
  readonly list: number;
  readonly pages: ReadonlyArray<number>;
}

/** A request at its place with its own pages so far; `index` counts the requests, `drawn` tokens were there when it took the place. */
export interface Seat {
  readonly place: number;
  readonly index: number;
  readonly request: Request;
  readonly prompt: SeatedPrompt;
  readonly pages: ReadonlyArray<number>;
  readonly drawn: number;
}

/** Requests with the same prompt: how many are not done, how many sit, and the prompt while it is in the cache. */
interface Run {
  open: number;
  seats: number;
  held: SeatedPrompt | undefined;
}

/** Pages have run out: as many sit from then on as sat then, and this much of one more for each that is done. */
const regained = 1 / 8;

/** Rows that a response of `length` tokens needs for more steps; the newest token of one that ended is run along with the others. */
const rowsAfter = (length: number, steps: number, maxTokens: number): number =>
  Math.min(Math.max(1, length) + steps - 1, maxTokens);

/** Seats requests, hands pages out and frees places. */
export class Places {
  readonly #requests: ReadonlyArray<Request>;
  readonly #pages: FreePages;
  readonly #runOf: Uint32Array;
  readonly #runs: ReadonlyArray<Run>;
  readonly #seats = new Map<number, Seat & { readonly pages: number[] }>();
  readonly #free: number[];
  readonly #lists: number[];
  /** Those who lost their places, the oldest last. */
  readonly #paused: Array<Pick<Seat, "index" | "drawn">> = [];
  #next = 0;
  #most = Infinity;
  #steps = 1;
  #isShort = false;
  #sorted: ReadonlyArray<Seat> | undefined;

  constructor(requests: ReadonlyArray<Request>, { places, pages, prompts }: PoolShape) {
    this.#requests = requests;
    this.#pages = new FreePages(pages);
    this.#runOf = runsOf(requests);
    const runs: Run[] = [];
    for (const run of this.#runOf) (runs[run] ??= { open: 0, seats: 0, held: undefined }).open++;
    this.#runs = runs;
    this.#free = Array.from({ length: places }, (_, i) => places - 1 - i);
    this.#lists = Array.from({ length: prompts }, (_, i) => prompts - 1 - i);
  }

  /** Who sits, by place. */
  get seated(): ReadonlyArray<Seat> {
    return this.#sorted ??= [...this.#seats.values()].sort((a, b) => a.place - b.place);
  }

  /** Whether nobody sits and nobody waits. */
  get isDone(): boolean {
    return this.#seats.size === 0 && this.#waiting === undefined;
  }

  /** Pages that nobody has. */
  get freePages(): number {
    return this.#pages.count;
  }

  /** Steps that everybody who sits has pages for. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Gives who sits the pages for `steps` more steps, or for fewer, at least one; those who have to wait for it are given back, the youngest
   * first. `lengthOf` says how many tokens a response has.
   */
  provide(steps: number, lengthOf: (seat: Seat) => number): ReadonlyArray<Seat> {
    const paused: Seat[] = [];
    while (this.#lacking(1, lengthOf) > this.#pages.count) {
      const idle = this.#runs.find(({ held, seats }) => held !== undefined && seats === 0);
      if (idle !== undefined) this.#drop(idle);
      else paused.push(this.#pause(lengthOf));
    }
    if (paused.length > 0) this.#most = this.#seats.size;
    this.#steps = steps;
    while (this.#lacking(this.#steps, lengthOf) > this.#pages.count) this.#steps--;
    this.#isShort = this.#steps < steps;
    for (const seat of this.#seats.values()) {
      const { pages, request } = seat;
      const rows = rowsAfter(lengthOf(seat), this.#steps, request.maxTokens);
      pages.push(...this.#pages.take(Math.max(0, pagesFor(rows) - pages.length)) ?? []);
    }
    return paused;
  }

  /** Seats who is next as long as there is room for the steps that were provided; the prompts are those that are yet to be read. */
  admit(): { readonly seats: ReadonlyArray<Seat>; readonly prompts: ReadonlyArray<SeatedPrompt> } {
    const seats: Seat[] = [];
    const prompts: SeatedPrompt[] = [];
    this.#free.sort((a, b) => b - a);
    // While those who sit have too few pages nobody else gets any.
    while (!this.#isShort && this.#free.length > 0 && this.#seats.size < Math.floor(this.#most)) {
      const waiting = this.#waiting;
      if (waiting === undefined) break;
      const isHeld = this.#runs[this.#runOf[waiting.index]].held !== undefined;
      const seat = this.#seat(waiting);
      if (seat === undefined) break;
      seats.push(seat);
      if (!isHeld) prompts.push(seat.prompt);
    }
    return { seats, prompts };
  }

  /** Frees the place and the pages of one that is done. */
  leave(seat: Seat): void {
    const run = this.#rise(seat);
    run.open--;
    this.#most += regained;
    if (run.open === 0) this.#drop(run);
  }

  get #waiting(): Pick<Seat, "index" | "drawn"> | undefined {
    return this.#paused.at(-1) ?? (this.#next < this.#requests.length ? { index: this.#next, drawn: 0 } : undefined);
  }

  #lacking(steps: number, lengthOf: (seat: Seat) => number): number {
    let count = 0;
    for (const seat of this.#seats.values()) {
      const rows = rowsAfter(lengthOf(seat), steps, seat.request.maxTokens);
      count += Math.max(0, pagesFor(rows) - seat.pages.length);
    }
    return count;
  }

  #seat({ index, drawn }: Pick<Seat, "index" | "drawn">): Seat | undefined {
    const request = this.#requests[index];
    const run = this.#runs[this.#runOf[index]];
    const own = pagesFor(rowsAfter(drawn, this.#steps, request.maxTokens));
    const promptPages = run.held === undefined ? pagesFor(request.promptTokens.length) : 0;
    const pages = this.#pages.take(own + promptPages);
    if (pages === undefined) return undefined;
    run.held ??= { tokens: request.promptTokens, list: this.#lists.pop() ?? 0, pages: pages.splice(own) };
    run.seats++;
    const seat = { place: this.#free.pop() ?? 0, index, request, prompt: run.held, pages, drawn };
    this.#seats.set(seat.place, seat);
    this.#sorted = undefined;
    if (index < this.#next) this.#paused.pop();
    else this.#next++;
    return seat;
  }

  /** The youngest loses its place and waits. */
  #pause(lengthOf: (seat: Seat) => number): Seat {
    const seat = [...this.#seats.values()].reduce((youngest, other) => other.index > youngest.index ? other : youngest);
    const run = this.#rise(seat);
    if (run.seats === 0) this.#drop(run);
    this.#paused.push({ index: seat.index, drawn: lengthOf(seat) });
    return seat;
  }

  /** Frees a place with its own pages. */
  #rise({ place, index, pages }: Seat): Run {
    this.#seats.delete(place);
    this.#sorted = undefined;
    this.#free.push(place);
    this.#pages.give(pages);
    const run = this.#runs[this.#runOf[index]];
    run.seats--;
    return run;
  }

  #drop(run: Run): void {
    if (run.held === undefined) return;
    this.#pages.give(run.held.pages);
    this.#lists.push(run.held.list);
    run.held = undefined;
  }
}
