/** The function being written: its locals, its code, and the depth of each branch label. */
import { block, br, brIf, type Code, ifElse, localSet, loop, type ValueType } from "./assembler.ts";
import { isSingle, ofLocal, type Shape, type Single, single, type Value } from "./values.ts";

/** A block that can be branched to; created before the branches. */
export interface Label {
  depth: number;
}

/** Builds the code of one function. */
export class Frame {
  readonly locals: ValueType[] = [];
  #code: Code[] = [];
  #depth = 0;

  constructor(readonly parameters: number) {}

  local(type: ValueType): number {
    this.locals.push(type);
    return this.parameters + this.locals.length - 1;
  }

  /** New locals for a value of this shape. */
  slots(shape: Shape): Value {
    return typeof shape === "string" ? ofLocal(shape, this.local(shape)) : shape.map((one) => this.slots(one));
  }

  get code(): Code {
    return this.#code;
  }

  emit(...code: ReadonlyArray<Code>): void {
    this.#code.push(...code);
  }

  /** Stores a value in slots. */
  set(slots: Value, value: Value): void {
    if (isSingle(slots)) this.emit(single(value).code, localSet(slots.local!));
    else slots.forEach((slot, i) => this.set(slot, (value as ReadonlyArray<Value>)[i]));
  }

  /** The value in locals, unless it is cheap to evaluate twice. */
  kept(value: Value): Value {
    if (!isSingle(value)) return value.map((part) => this.kept(part));
    return value.cheap ? value : this.copied(value);
  }

  keptSingle(value: Value): Single {
    return single(this.kept(value));
  }

  /** The value in locals that no other code writes. */
  copied(value: Value): Value {
    if (!isSingle(value)) return value.map((part) => this.copied(part));
    const slot = ofLocal(value.type, this.local(value.type));
    this.set(slot, value);
    return slot;
  }

  /** The code that `write` emits, not added to the function. */
  apart(write: () => void): Code {
    const outer = this.#code;
    this.#code = [];
    write();
    const code = this.#code;
    this.#code = outer;
    return code;
  }

  block(label: Label, write: () => void): void {
    this.emit(block(this.#within(label, write)));
  }

  loop(label: Label, write: () => void): void {
    this.emit(loop(this.#within(label, write)));
  }

  when(condition: Code, then: () => void, otherwise: () => void = () => {}): void {
    this.emit(condition, ifElse(this.#within({ depth: 0 }, then), this.#within({ depth: 0 }, otherwise)));
  }

  branch(label: Label): void {
    this.emit(br(this.#depth - label.depth));
  }

  branchIf(label: Label, condition: Code): void {
    this.emit(condition, brIf(this.#depth - label.depth));
  }

  /** The code that `write` emits inside one more block. */
  within(write: () => void): Code {
    return this.#within({ depth: 0 }, write);
  }

  #within(label: Label, write: () => void): Code {
    this.#depth++;
    label.depth = this.#depth;
    const code = this.apart(write);
    this.#depth--;
    return code;
  }
}
