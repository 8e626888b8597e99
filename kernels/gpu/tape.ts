/**
 * Reverse-mode differentiation over recorded operations. An op computes its output and records its backward pass; `backward` runs these records in
 * reverse. Activations are freed after their last use. A `block` may drop its activations and recompute them when its gradient is needed. That
 * saves memory and changes no bit, because every op is deterministic. Without training, the same calls free activations as they go.
 */
import type { Encoder } from "./encoder.ts";
import { sliceColumns, sliceRows, type Tensor, wholeOf } from "./tensor.ts";

/**
 * A gradient to fill: kernels add to it if `accumulate` is set, otherwise they overwrite it. An op whose kernels can only overwrite uses
 * `gradientPlaces` (`ops/add`).
 */
export interface GradientTarget {
  readonly tensor: Tensor;
  readonly accumulate: boolean;
}

interface Slot {
  readonly tensor: Tensor;
  /** The number of gradients that share the buffer; it is freed with the last of them. */
  readonly holders: { count: number };
  /** Columns [first, end) that hold numbers, in order; what the others hold is unspecified. */
  readonly written: ReadonlyArray<Columns>;
}

type Columns = readonly [first: number, end: number];

/** The columns of the whole tensor that `tensor` is. */
const columnsOf = ({ base, cols }: Tensor): Columns =>
  base === undefined ? [0, cols] : [base.column, base.column + cols];

/** `place` where `tensor` is whole, else the same columns of it. */
const partOf = (place: Tensor, { base, cols }: Tensor): Tensor =>
  base === undefined ? place : sliceColumns(place, base.column, cols);

/** The columns of [first, end) that are not among `written`. */
const gapsIn = (written: ReadonlyArray<Columns>, [first, end]: Columns): ReadonlyArray<Columns> => {
  const gaps: Columns[] = [];
  let at = first;
  for (const [from, to] of written) {
    if (from >= end) break;
    if (from > at) gaps.push([at, from]);
    at = Math.max(at, to);
  }
  if (at < end) gaps.push([at, end]);
  return gaps;
};

interface Entry {
  readonly outputs: ReadonlyArray<Tensor>;
  readonly owned: ReadonlyArray<Tensor>;
  readonly backward: () => void;
}

/** Which activations a pass keeps: `inference` none, `training` all, `recompute` only the input of each block. */
export type TapeMode = "inference" | "training" | "recompute";

/** Records the operations of one pass. `parameters` maps each weight to the tensor that accumulates its gradient. */
export class Tape {
  readonly encoder: Encoder;
  readonly mode: TapeMode;
  readonly #parameters: ReadonlyMap<Tensor, Tensor>;
  readonly #slots: Map<Tensor, Slot>;
  readonly #entries: Entry[] = [];

  constructor(
    encoder: Encoder,
    mode: TapeMode,
    parameters: ReadonlyMap<Tensor, Tensor> = new Map(),
    slots = new Map<Tensor, Slot>(),
  ) {
    this.encoder = encoder;
    this.mode = mode;
    this.#parameters = parameters;
    this.#slots = slots;
  }

  /** Records an operation. The tape owns `outputs` and `saved` (tensors that only `backward` reads) and frees them after use. */
  record(outputs: ReadonlyArray<Tensor>, saved: ReadonlyArray<Tensor>, backward: () => void): void {
    this.#entries.push({ outputs, owned: [...outputs, ...saved], backward });
  }

  /** Runs `inside(tape, input)` as a unit of recomputation and freeing, and returns its output. The block consumes `input`. */
  block(input: Tensor, inside: (tape: Tape, input: Tensor) => Tensor): Tensor {
    if (this.mode === "training") return inside(this, input);
    const first = new Tape(this.encoder, "inference");
    const output = inside(first, input);
    first.free(output);
    if (this.mode === "inference") {
      const owner = this.#entries.findIndex((entry) => entry.owned.includes(input));
      if (owner >= 0) this.#release(this.#entries.splice(owner, 1)[0].owned);
      this.record([output], [], () => {});
      return output;
    }
    this.record([output], [], () => {
      const again = new Tape(this.encoder, "training", this.#parameters, this.#slots);
      const same = inside(again, input);
      const slot = this.#slots.get(output);
      if (slot === undefined) return again.free();
      this.#slots.delete(output);
      this.#slots.set(same, slot);
      again.backward();
    });
    return output;
  }

  /** The target for the gradient of `tensor`: a parameter's accumulator, or a tensor created at the first contribution. */
  gradient(tensor: Tensor): GradientTarget {
    const whole = wholeOf(tensor);
    const own = this.#parameters.get(tensor);
    if (own !== undefined) return { tensor: own, accumulate: true };
    const parameter = this.#parameters.get(whole);
    if (parameter !== undefined) return { tensor: partOf(parameter, tensor), accumulate: true };
    if (whole.isRows === true) {
      this.encoder.fail(
        `Cannot differentiate [${whole.rows}, ${whole.cols}]: rows cut from a tensor, gather them instead`,
      );
    }
    const slot = this.#apart(whole);
    const columns = columnsOf(tensor);
    const accumulate = gapsIn(slot.written, columns).every(([first, end]) => end - first < tensor.cols);
    if (accumulate) return { tensor: partOf(this.#filled(whole, slot, columns).tensor, tensor), accumulate };
    this.#write(whole, slot, columns);
    return { tensor: partOf(slot.tensor, tensor), accumulate };
  }

  /** A buffer to add the gradient of `tensor` to: zeros if none has arrived. */
  sum(tensor: Tensor): Tensor {
    const { tensor: place, accumulate } = this.gradient(tensor);
    if (!accumulate) this.#zero(place);
    return place;
  }

  /** The gradient received so far for `tensor`, if any; zeros in columns that received none. */
  arrived(tensor: Tensor): Tensor | undefined {
    const whole = wholeOf(tensor);
    const slot = this.#slots.get(whole);
    return slot === undefined ? undefined : partOf(this.#filled(whole, slot, columnsOf(tensor)).tensor, tensor);
  }

  /** Whether the weight `tensor` needs a gradient. */
  trains(tensor: Tensor): boolean {
    return this.#parameters.has(tensor) || this.#parameters.has(wholeOf(tensor));
  }

  /**
   * Makes the gradient of `output` also that of `input`, without a copy. Returns false if `input` already has a gradient or a buffer of its own;
   * the caller then adds. Adding to a gradient that others still hold makes a copy first.
   */
  share(output: Tensor, input: Tensor): boolean {
    const slot = this.#slots.get(output);
    const hasOwn = this.#slots.has(input) || this.trains(input);
    if (slot === undefined || hasOwn || input.base !== undefined || input.isRows === true) return false;
    slot.holders.count++;
    this.#slots.set(input, slot);
    return true;
  }

  /** Sets the gradient of `output`, which has none yet; the tape then owns `gradient`. */
  seed(output: Tensor, gradient: Tensor): void {
    if (this.#slots.has(output)) this.encoder.fail("Cannot seed a gradient: the tensor has one already");
    this.#slots.set(output, { tensor: gradient, holders: { count: 1 }, written: [[0, gradient.cols]] });
  }

  /** Runs all records in reverse and frees their tensors. */
  backward(): void {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      entry.backward();
      for (const output of entry.outputs) this.#close(output);
      this.#release(entry.owned);
    }
  }

  /** Frees all recorded tensors except `kept`, without a backward pass. */
  free(kept?: Tensor): void {
    for (const entry of this.#entries.splice(0)) this.#release(entry.owned.filter((tensor) => tensor !== kept));
  }

  /** The slot of `whole` with a buffer that no other gradient shares; a new one where it has none. */
  #apart(whole: Tensor): Slot {
    const known = this.#slots.get(whole);
    if (known?.holders.count === 1) return known;
    const { rows, cols, stride } = known?.tensor ?? { ...whole, stride: whole.cols };
    const slot = {
      tensor: this.encoder.tensor(rows, cols, { align: stride }),
      holders: { count: 1 },
      written: known?.written ?? [],
    };
    if (known !== undefined) {
      this.encoder.copy(known.tensor, slot.tensor);
      known.holders.count--;
    }
    this.#slots.set(whole, slot);
    return slot;
  }

  /** The slot with zeros in those of its columns that hold nothing. */
  #filled(whole: Tensor, slot: Slot, columns: Columns): Slot {
    const gaps = gapsIn(slot.written, columns);
    for (const [first, end] of gaps) this.#zero(sliceColumns(slot.tensor, first, end - first));
    return gaps.length === 0 ? slot : this.#write(whole, slot, columns);
  }

  /** Says that columns of a slot hold numbers. */
  #write(whole: Tensor, slot: Slot, columns: Columns): Slot {
    const written = [...slot.written, columns].sort(([a], [b]) => a - b);
    const grown = { ...slot, written };
    this.#slots.set(whole, grown);
    return grown;
  }

  /** Zeros in every row, and in no gap that others may own. */
  #zero(place: Tensor): void {
    if (place.base === undefined || place.cols === place.stride) return this.encoder.zero(place);
    for (let row = 0; row < place.rows; row++) this.encoder.zero(sliceRows(place, row, 1));
  }

  #close(tensor: Tensor): void {
    const slot = this.#slots.get(tensor);
    if (slot === undefined) return;
    this.#slots.delete(tensor);
    if (--slot.holders.count === 0) this.encoder.release(slot.tensor);
  }

  #release(tensors: ReadonlyArray<Tensor>): void {
    for (const tensor of tensors) this.encoder.release(tensor);
  }
}
