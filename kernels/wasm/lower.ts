/** Writes the statements of a checked WGSL function as WebAssembly. */
import { continues, declaresArray, hasEffects, returns } from "./effects.ts";
import type { Label } from "./frame.ts";
import { asElement, elementOf, fourOf, isFour, laneOf } from "./lanes.ts";
import { Expressions } from "./lower_expressions.ts";
import { binary } from "./operators.ts";
import { clear, held, readPlace, writePlace } from "./places.ts";
import { apply, isCheap, shapeOf, single, type Value, zeroOf } from "./values.ts";
import type { FunctionBody, Node, Step, Variable } from "../wgsl/program.ts";
import { scalarOf, type Type, typeName } from "../wgsl/types.ts";
import { WgslError } from "../wgsl/wgsl_error.ts";

interface Loop {
  readonly broken: Label;
  readonly continued: Label;
}

/** The target of `return`: a label, and slots for the value. */
interface Exit {
  readonly label: Label;
  readonly slots: Value | undefined;
}

export class Lowering extends Expressions {
  readonly #loops: Loop[] = [];
  readonly #exits: Exit[] = [];

  /** Writes the body of the entry point; `return` branches to `returned`. */
  entry(body: ReadonlyArray<Step>, returned: Label): void {
    this.#exits.push({ label: returned, slots: undefined });
    this.#steps(body);
    this.#exits.pop();
  }

  #steps(steps: ReadonlyArray<Step>): void {
    for (const step of steps) this.#step(step);
  }

  #step(step: Step): void {
    switch (step.op) {
      case "declare":
        return this.#declare(step.variable, step.value, step.line);
      case "assign":
        return this.#assign(step);
      case "if":
        return this.frame.when(
          this.one(step.condition).code,
          () => this.#steps(step.then),
          () => this.#steps(step.otherwise),
        );
      case "loop":
        return this.#loop(step);
      case "block":
        return this.#steps(step.body);
      case "break":
        return this.frame.branch(this.#loops.at(-1)!.broken);
      case "continue":
        return this.frame.branch(this.#loops.at(-1)!.continued);
      case "return": {
        const { label, slots } = this.#exits.at(-1)!;
        if (step.value !== undefined && slots !== undefined) this.frame.set(slots, this.value(step.value));
        return this.frame.branch(label);
      }
      case "evaluate": {
        const value = this.value(step.value);
        if (step.value.type.kind !== "none" && !isCheap(value)) this.frame.copied(value);
      }
    }
  }

  #declare(variable: Variable, value: Node | undefined, line: number): void {
    const shape = shapeOf(variable.type);
    const { places, scratch, scratchAddress } = this.around;
    if (shape === undefined) {
      if (variable.type.kind !== "array" || (value !== undefined && value.op !== "zero")) {
        throw new WgslError(`a variable of ${typeName(variable.type)} is not understood here`, line);
      }
      const known = places.get(variable);
      const place = known?.kind === "memory" ? known : scratch.place(variable.name, variable.type, scratchAddress);
      places.set(variable, place);
      return clear(this.frame, place);
    }
    const slots = this.frame.slots(shape);
    this.frame.set(slots, value === undefined ? zeroOf(shape) : this.value(value));
    places.set(variable, { kind: "local", type: variable.type, slots });
  }

  #assign({ to, operator, value, line }: Step & { readonly op: "assign" }): void {
    if (shapeOf(to.type) === undefined) {
      throw new WgslError(`a value of ${typeName(to.type)} is not understood here`, line);
    }
    if (to.op === "swizzle" && this.isLocal(to.of) && isFour(to.of.type)) {
      const place = this.place(to.of)!;
      const old = single(readPlace(this.frame, place));
      const of = scalarOf(to.type);
      const given = operator === undefined
        ? this.value(value)
        : this.#operated(operator, elementOf(old, to.lanes[0], of), to.type, value);
      const lanes = [0, 1, 2, 3].map((lane) =>
        lane === to.lanes[0] ? asElement(single(given), of) : laneOf(old, lane, of === "f32")
      );
      return writePlace(this.frame, place, fourOf(lanes));
    }
    if (operator === undefined) {
      if (!hasEffects(value)) return writePlace(this.frame, this.place(to)!, this.value(value));
      const kept = this.frame.kept(this.value(value));
      return writePlace(this.frame, this.place(to)!, kept);
    }
    const found = this.place(to)!;
    const place = found.kind === "memory" ? held(this.frame, found) : found;
    writePlace(this.frame, place, this.#operated(operator, readPlace(this.frame, place), to.type, value));
  }

  #operated(operator: string, old: Value, type: Type, by: Node): Value {
    const before = hasEffects(by) ? this.frame.copied(old) : old;
    return binary(this.frame, operator, before, this.value(by), type, by.type);
  }

  #loop(step: Step & { readonly op: "loop" }): void {
    this.#steps(step.start);
    const { frame } = this;
    const [broken, again, continued]: Label[] = [{ depth: 0 }, { depth: 0 }, { depth: 0 }];
    const leaves = () => apply("i32", "i32.eqz", this.one(step.condition!)).code;
    frame.block(broken, () => {
      if (step.condition !== undefined) {
        const code = leaves();
        frame.branchIf(broken, code);
      }
      frame.loop(again, () => {
        this.#loops.push({ broken, continued });
        if (step.body.some(continues)) frame.block(continued, () => this.#steps(step.body));
        else this.#steps(step.body);
        this.#loops.pop();
        this.#steps(step.update);
        if (step.condition === undefined) return frame.branch(again);
        const code = this.one(step.condition).code;
        frame.branchIf(again, code);
      });
    });
  }

  protected body(callee: FunctionBody): Value {
    const last = callee.body.at(-1);
    const early = callee.body.slice(0, -1).some(returns) ||
      (last !== undefined && last.op !== "return" && returns(last));
    if (!early) {
      this.#steps(callee.body.slice(0, -1));
      if (last?.op === "return") {
        if (last.value === undefined) return [];
        const value = this.value(last.value);
        // The next call of the function reuses the array's memory.
        return callee.body.some(declaresArray) ? this.frame.copied(value) : value;
      }
      if (last !== undefined) this.#step(last);
      return [];
    }
    const shape = shapeOf(callee.result);
    const slots = shape === undefined ? undefined : this.frame.slots(shape);
    const label: Label = { depth: 0 };
    this.frame.block(label, () => {
      this.#exits.push({ label, slots });
      this.#steps(callee.body);
      this.#exits.pop();
    });
    return slots ?? [];
  }
}
