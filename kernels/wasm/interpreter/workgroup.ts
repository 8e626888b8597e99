/**
 * Runs the invocations of a workgroup together: each subgroup from one collective operation to the next until it reaches a barrier, the workgroup
 * from barrier to barrier. It is a fault if invocations wait at different points, or for one that has returned.
 */
import type { CheckedAccess } from "./checked_access.ts";
import type { GeneratedCode } from "./generate.ts";
import { type Matrix, Subgroup } from "./subgroup.ts";

/** One invocation: runs to its end, or to its next wait point. */
export type Invocation = (lane: number, group: Subgroup | undefined) => Iterator<number, void> | void;

/** The operation at each wait point, if it is more than an exchange. */
export type Operations = ReadonlyArray<((group: Subgroup) => Matrix | null) | undefined>;

/** Runs workgroups of one kernel. */
export class Workgroup {
  readonly #subgroups: ReadonlyArray<Subgroup>;
  readonly #running: Iterator<number, void>[] = [];
  /** The wait point of each invocation; 0 if it has returned. */
  readonly #points: Int32Array;

  constructor(
    readonly generated: GeneratedCode,
    readonly main: Invocation,
    readonly operations: Operations,
    readonly checks: CheckedAccess,
    lanes: number,
  ) {
    const { size } = checks;
    this.#points = new Int32Array(size);
    this.#subgroups = Array.from(
      { length: checks.subgroups },
      (_, i) => new Subgroup(i * lanes, Math.min(lanes, size - i * lanes), size + i),
    );
  }

  /** Runs the current workgroup. */
  run(): void {
    const { checks, generated, main } = this;
    if (!generated.isWaiting) {
      for (let lane = 0; lane < checks.size; lane++) main(lane, undefined);
      return;
    }
    for (const group of this.#subgroups) {
      for (let lane = group.first; lane < group.first + group.lanes; lane++) {
        const running = main(lane, group);
        if (running !== undefined) this.#running[lane] = running;
      }
    }
    for (;;) {
      for (const group of this.#subgroups) this.#advance(group);
      const point = this.#together(0, checks.size);
      if (point === 0) return;
      checks.barrier(generated.sites[point]?.isStorage ?? false);
    }
  }

  /** Runs a subgroup until all its lanes wait at a barrier or have returned. */
  #advance(group: Subgroup): void {
    const { sites } = this.generated;
    for (;;) {
      for (let lane = group.first; lane < group.first + group.lanes; lane++) {
        this.#points[lane] = this.#running[lane].next().value ?? 0;
      }
      const point = this.#points[group.first];
      const scope = sites[point]?.scope;
      let together = true;
      let waits = scope === "subgroup";
      for (let lane = group.first + 1; lane < group.first + group.lanes; lane++) {
        if (this.#points[lane] === point) continue;
        together = false;
        waits ||= sites[this.#points[lane]]?.scope === "subgroup";
      }
      // Waits of the whole workgroup are compared once all its subgroups have arrived.
      if (!waits) return;
      if (!together) this.#together(group.first, group.lanes);
      group.exchange();
      const operation = this.operations[point];
      if (operation !== undefined) group.result = operation(group);
    }
  }

  /** The common wait point of some invocations; a fault if they differ. */
  #together(first: number, count: number): number {
    const point = this.#points[first];
    for (let lane = first + 1; lane < first + count; lane++) {
      if (this.#points[lane] !== point) this.#apart(first, lane);
    }
    return point;
  }

  #apart(first: number, lane: number): never {
    const { sites } = this.generated;
    const [a, b] = [this.#points[first], this.#points[lane]];
    const [waiting, other, point, elsewhere] = a === 0 ? [lane, first, b, a] : [first, lane, a, b];
    const { name, line } = sites[point]!;
    const site = sites[elsewhere];
    const does = site === undefined ? "has returned" : `waits at ${site.name} of line ${site.line}`;
    return this.checks.fail(line, `${name} in non-uniform flow: invocation ${other} ${does}`, waiting);
  }
}
