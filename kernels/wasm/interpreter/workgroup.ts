/**
 * Lets the invocations of a workgroup advance together: each subgroup from one of its operations to the next until it comes to a barrier, the
 * workgroup from barrier to barrier. Invocations that wait at different points, or wait for one that has returned, are a fault.
 */
import type { CheckedAccess } from "./checked_access.ts";
import type { GeneratedCode } from "./generate.ts";
import { type Matrix, Subgroup } from "./subgroup.ts";

/** One invocation: runs to its end, or to each point at which it waits. */
export type Invocation = (lane: number, group: Subgroup | undefined) => Iterator<number, void> | void;

/** What a subgroup does at a point, where it is more than an exchange. */
export type Operations = ReadonlyArray<((group: Subgroup) => Matrix | null) | undefined>;

/** Runs workgroups of one kernel. */
export class Workgroup {
  readonly #subgroups: ReadonlyArray<Subgroup>;
  readonly #running: Iterator<number, void>[] = [];
  /** The point at which each invocation waits, 0 where it has returned. */
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

  /** Runs the workgroup that the checks have begun. */
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
      // What waits for the whole workgroup is compared when all have come.
      if (!waits) return;
      if (!together) this.#together(group.first, group.lanes);
      group.exchange();
      const operation = this.operations[point];
      if (operation !== undefined) group.result = operation(group);
    }
  }

  /** The point at which all of some invocations wait. */
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
