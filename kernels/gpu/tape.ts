/**
 * Reverse-mode differentiation over recorded operations. An op computes its output and records how gradients flow back; `backward` runs
 * those records in reverse. Activations are freed as soon as they are spent; a `block` may drop its inside and compute it again when its
 * gradient is due, which changes memory, never a bit, because every op is deterministic. The same calls without training free as they go.
 */
import type { Encoder } from "./encoder.ts";
import { sliceColumns, type Tensor } from "./tensor.ts";

/** A gradient to fill: kernels add to it where `accumulate` is set, else they overwrite it. */
export interface GradientTarget {
  readonly tensor: Tensor;
  readonly accumulate: boolean;
}

interface Slot {
  readonly tensor: Tensor;
  /** Gradients that share the buffer; it is freed with the last of them. */
  readonly holders: { count: number };
  readonly written: Set<number>;
}

interface Entry {
  readonly outputs: ReadonlyArray<Tensor>;
  readonly owned: ReadonlyArray<Tensor>;
  readonly backward: () => void;
}

/** How a pass uses memory: `inference` keeps nothing, `training` all, `recompute` only what enters each block. */
export type TapeMode = "inference" | "training" | "recompute";

/** Records operations of one pass. `parameters` maps each weight to the tensor its gradient is added to. */
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

  /** Hands `outputs` (and `saved` tensors that only `backward` reads) to the tape, which frees them when they are spent. */
  record(outputs: ReadonlyArray<Tensor>, saved: ReadonlyArray<Tensor>, backward: () => void): void {
    this.#entries.push({ outputs, owned: [...outputs, ...saved], backward });
  }

  /** The output of `inside(tape, input)`, the input being spent by it; the unit of recomputation and of freeing. */
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

  /** Where the gradient of `tensor` is to be written: a parameter's own tensor, or a fresh one at the first contribution. */
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

  /** The gradient that has arrived for `tensor`, if any. */
  arrived(tensor: Tensor): Tensor | undefined {
    if (tensor.base === undefined) return this.#slots.get(tensor)?.tensor;
    const whole = this.#slots.get(tensor.base.tensor);
    return whole === undefined ? undefined : sliceColumns(whole.tensor, tensor.base.column, tensor.cols);
  }

  /** Whether gradients are wanted for the weight `tensor`. */
  trains(tensor: Tensor): boolean {
    return this.#parameters.has(tensor);
  }

  /**
   * Lets the gradient of `output` be that of `input` too, without a copy; false where `input` has one already (the caller adds).
   * Sound for `y = x + f(x)`: whoever adds to the shared buffer through x runs after everyone that reads it through f(x).
   */
  share(output: Tensor, input: Tensor): boolean {
    const slot = this.#slots.get(output);
    if (slot === undefined || this.#slots.has(input)) return false;
    slot.holders.count++;
    this.#slots.set(input, slot);
    return true;
  }

  /** Sets the gradient of `output`; the tape owns `gradient` from here on. */
  seed(output: Tensor, gradient: Tensor): void {
    this.#slots.set(output, { tensor: gradient, holders: { count: 1 }, written: new Set() });
  }

  /** Runs everything recorded in reverse and frees it. */
  backward(): void {
    for (let entry = this.#entries.pop(); entry !== undefined; entry = this.#entries.pop()) {
      entry.backward();
      for (const output of entry.outputs) this.#close(output);
      this.#release(entry.owned);
    }
  }

  /** Frees everything recorded but `kept`, without running it. */
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
