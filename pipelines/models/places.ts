/**
 * Which request sits at which place of the decoding pool. Requests are seated in their order, as many as there are places and cache rows for;
 * a place that is left goes to the next one. Responses to one prompt that stand together share its rows, which are kept until the last of
 * them is done.
 */
import { type PoolShape, type Request, same } from "./pool_shape.ts";
import { RowRanges } from "./row_ranges.ts";

/** A prompt whose keys and values are in the cache from row `start` on. */
export interface SeatedPrompt {
  readonly tokens: Int32Array;
  readonly start: number;
}

/** A request at its place, its own rows in the cache from `start` on; `index` counts the requests. */
export interface Seat {
  readonly place: number;
  readonly index: number;
  readonly request: Request;
  readonly prompt: SeatedPrompt;
  readonly start: number;
}

/** Seats requests and frees their places. */
export class Places {
  readonly #requests: ReadonlyArray<Request>;
  readonly #rows: RowRanges;
  readonly #seats = new Map<number, Seat>();
  readonly #free: number[];
  /** Responses of each prompt that are not done. */
  readonly #open = new Map<SeatedPrompt, number>();
  /** The prompt of the last request that was seated, as long as its rows are kept. */
  #last: SeatedPrompt | undefined;
  #next = 0;
  #sorted: ReadonlyArray<Seat> | undefined;

  constructor(requests: ReadonlyArray<Request>, { places, rows }: Pick<PoolShape, "places" | "rows">) {
    this.#requests = requests;
    this.#rows = new RowRanges(rows);
    this.#free = Array.from({ length: places }, (_, i) => places - 1 - i);
  }

  /** Seats the next requests that there is room for; the prompts are those whose rows are yet to be filled. */
  admit(): { readonly seats: ReadonlyArray<Seat>; readonly prompts: ReadonlyArray<SeatedPrompt> } {
    const seats: Seat[] = [];
    const prompts: SeatedPrompt[] = [];
    this.#free.sort((a, b) => b - a);
    while (this.#free.length > 0 && this.#next < this.#requests.length) {
      const before = this.#last;
      const seat = this.#seat();
      if (seat !== undefined) {
        seats.push(seat);
        if (seat.prompt !== before) prompts.push(seat.prompt);
      } else if (this.#seats.size === 0 && before !== undefined) {
        // The rows that a prompt is kept in may part the free ones; where nobody sits it is read once more.
        this.#drop(before);
      } else break;
    }
    return { seats, prompts };
  }

  /** Who sits, by place. */
  get seated(): ReadonlyArray<Seat> {
    return this.#sorted ??= [...this.#seats.values()].sort((a, b) => a.place - b.place);
  }

  /** Whether nobody sits and nobody waits. */
  get isDone(): boolean {
    return this.#seats.size === 0 && this.#next === this.#requests.length;
  }

  /** Frees a place with its rows. */
  leave({ place, prompt, start, request }: Seat): void {
    this.#seats.delete(place);
    this.#sorted = undefined;
    this.#free.push(place);
    this.#rows.give(start, request.maxTokens);
    const open = (this.#open.get(prompt) ?? 0) - 1;
    if (open > 0) this.#open.set(prompt, open);
    else this.#drop(prompt);
  }

  #shared(request: Request | undefined): SeatedPrompt | undefined {
    return request !== undefined && this.#last !== undefined && same(this.#last.tokens, request.promptTokens)
      ? this.#last
      : undefined;
  }

  #seat(): Seat | undefined {
    const index = this.#next;
    const request = this.#requests[index];
    const { promptTokens, maxTokens } = request;
    const shared = this.#shared(request);
    const promptStart = shared?.start ?? this.#rows.takeHigh(promptTokens.length);
    if (promptStart === undefined) return undefined;
    const start = this.#rows.takeLow(maxTokens);
    if (start === undefined) {
      if (shared === undefined) this.#rows.give(promptStart, promptTokens.length);
      return undefined;
    }
    const prompt = shared ?? this.#read(promptTokens, promptStart);
    const place = this.#free[this.#free.length - 1];
    this.#free.length--;
    const seat = { place, index, request, prompt, start };
    this.#seats.set(place, seat);
    this.#sorted = undefined;
    this.#next++;
    return seat;
  }

  #read(tokens: Int32Array, start: number): SeatedPrompt {
    let end = this.#next + 1;
    while (end < this.#requests.length && same(tokens, this.#requests[end].promptTokens)) end++;
    const prompt = { tokens, start };
    this.#open.set(prompt, end - this.#next);
    this.#last = prompt;
    return prompt;
  }

  #drop(prompt: SeatedPrompt): void {
    this.#rows.give(prompt.start, prompt.tokens.length);
    this.#open.delete(prompt);
    if (this.#last === prompt) this.#last = undefined;
  }
}
