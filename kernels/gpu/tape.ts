/**
 * Reverse-mode differentiation over recorded operations. An op computes its output and records its backward pass; `backward` runs these records in
 * reverse. Activations are freed after their last use. A `block` may drop its activations and recompute them when its gradient is needed. That
 * saves memory and changes no bit, because every op is deterministic. Without training, the same calls free activations as they go.
 */
import type { Encoder } from "./encoder.ts";
import { sliceColumns, type Tensor } from "./tensor.ts";

/** A gradient to fill: kernels add to it if `accumulate` is set, otherwise they overwrite it. */
export interface GradientTarget {
  readonly tensor: Tensor;
  readonly accumulate: boolean;
}

interface Slot {
  readonly tensor: Tensor;
  /** The number of gradients that share the buffer; it is freed with the last of them. */
  readonly holders: { count: number };
  readonly written: Set<number>;
}

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
      slot.holders.count++;
      this.#slots.set(same, slot);
      again.backward();
    });
    return output;
  }

  /** The target for the gradient of `tensor`: a parameter's accumulator, or a tensor created at the first contribution. */
  gradient(tensor: Tensor): GradientTarget {
    const parameter = this.#parameters.get(tensor);
    if (parameter !== undefined) return { tensor: parameter, accumulate: true };
    if (tensor.base !== undefined) {
      const { tensor: whole, column } = tensor.base;
      const slot = this.#slots.get(whole) ?? this.#open(whole);
      const accumulate = slot.written.has(column);
      slot.written.add(column);
      return { tensor: sliceColumns(slot.tensor, column, tensor.cols), accumulate };
    }
    const known = this.#slots.get(tensor);
    if (known === undefined) return { tensor: this.#open(tensor).tensor, accumulate: false };
    return { tensor: known.tensor, accumulate: true };
  }

  /** The gradient received so far for `tensor`, if any. */
  arrived(tensor: Tensor): Tensor | undefined {
    if (tensor.base === undefined) return this.#slots.get(tensor)?.tensor;
    const whole = this.#slots.get(tensor.base.tensor);
    return whole === undefined ? undefined : sliceColumns(whole.tensor, tensor.base.column, tensor.cols);
  }

  /** Whether the weight `tensor` needs a gradient. */
  trains(tensor: Tensor): boolean {
    return this.#parameters.has(tensor);
  }

  /**
   * Makes the gradient of `output` also that of `input`, without a copy. Returns false if `input` already has a gradient; the caller then adds.
   * Correct for `y = x + f(x)`: everything that reads the shared buffer through f(x) runs before anything adds to it through x.
   */
  share(output: Tensor, input: Tensor): boolean {
    const slot = this.#slots.get(output);
    if (slot === undefined || this.#slots.has(input)) return false;
    slot.holders.count++;
    this.#slots.set(input, slot);
    return true;
  }

  /** Sets the gradient of `output`; the tape then owns `gradient`. */
  seed(output: Tensor, gradient: Tensor): void {
    this.#slots.set(output, { tensor: gradient, holders: { count: 1 }, written: new Set() });
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

  #open(tensor: Tensor): Slot {
    const slot = {
      tensor: this.encoder.tensor(tensor.rows, tensor.cols),
      holders: { count: 1 },
      written: new Set<number>(),
    };
    this.#slots.set(tensor, slot);
    return slot;
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
