/**
 * The checks that generated code calls at accesses: bounds, uninitialised memory, races. Barriers separate accesses to workgroup memory; storage
 * barriers separate a workgroup's accesses to storage; nothing separates those of two workgroups.
 */
import { AccessLog } from "./access_log.ts";
import { stop } from "./fault.ts";
import type { Memory } from "./memory.ts";

/** The checks of one kernel. Offsets and counts are in units of the memory; an `actor` is an invocation or, numbered after them, a subgroup. */
export class CheckedAccess {
  readonly shared = new AccessLog();
  readonly group: [number, number, number] = [0, 0, 0];

  constructor(
    readonly kernel: string,
    readonly size: number,
    readonly subgroups: number,
    readonly storage: AccessLog,
    readonly workgroup: ReadonlyArray<Memory>,
  ) {}

  begin(x: number, y: number, z: number): void {
    this.group[0] = x;
    this.group[1] = y;
    this.group[2] = z;
    this.shared.begin();
    for (const { accesses } of this.workgroup) this.shared.renew(accesses!);
    this.shared.workgroup(this.size + this.subgroups);
    this.storage.workgroup(this.size + this.subgroups);
  }

  barrier(isStorage: boolean): void {
    (isStorage ? this.storage : this.shared).barrier(this.size + this.subgroups);
  }

  /** Ends the dispatch with an error at a line of the kernel. */
  fail(line: number, problem: string, actor: number): never {
    return stop(`Kernel "${this.kernel}", line ${line}: ${problem} (${this.#who(actor)})`);
  }

  /** An index beyond an array's end. */
  readonly outside = (line: number, name: string, index: number, count: number, actor: number): never =>
    this.fail(line, `"${name}"[${index}] is beyond its ${count} elements`, actor);

  /** A read of memory, from `unit` on, that is partly uninitialised. */
  readonly unwritten = (line: number, memory: Memory, unit: number, actor: number): never => {
    const { written } = memory;
    let first = unit;
    while (written !== undefined && written[memory.unit === 2 ? first >> 1 : first] !== 0) first++;
    return this.fail(line, `"${memory.name}" is read at ${at(memory, first)}, which nobody has written`, actor);
  };

  readonly readShared = (memory: Memory, unit: number, count: number, line: number, actor: number): void => {
    const { shared } = this;
    const accesses = memory.accesses!;
    for (let i = unit; i < unit + count; i++) {
      const other = shared.read(accesses, i, actor);
      if (other !== 0) this.#race(line, memory, i, actor, other, "is read");
      if (!shared.hasWritten(accesses, i)) this.unwritten(line, memory, i, actor);
    }
  };

  readonly writeShared = (memory: Memory, unit: number, count: number, line: number, actor: number): void => {
    const { shared } = this;
    const accesses = memory.accesses!;
    for (let i = unit; i < unit + count; i++) {
      const other = shared.write(accesses, i, actor);
      if (other !== 0) this.#race(line, memory, i, actor, other, "is written");
    }
  };

  /** Checks a read of storage that this dispatch may write. */
  readonly readStorage = (memory: Memory, unit: number, count: number, line: number, actor: number): void => {
    if (memory.unit === 2) return;
    const { storage } = this;
    const accesses = memory.accesses!;
    for (let i = unit; i < unit + count; i++) {
      const other = storage.read(accesses, memory.start + i, actor);
      if (other !== 0) this.#race(line, memory, i, actor, other, "is read");
    }
  };

  /** Checks a write to storage. 16-bit elements are marked by the word and not checked for races. */
  readonly writeStorage = (memory: Memory, unit: number, count: number, line: number, actor: number): void => {
    const { storage } = this;
    const accesses = memory.accesses!;
    const written = memory.written!;
    for (let i = unit; i < unit + count; i++) {
      written[memory.unit === 2 ? i >> 1 : i] = 1;
      if (memory.unit === 2) continue;
      const other = storage.write(accesses, memory.start + i, actor);
      if (other !== 0) this.#race(line, memory, i, actor, other, "is written");
    }
  };

  /** Checks an atomic access; it never conflicts, since an atomic variable has only atomic accesses. */
  readonly atomic = (memory: Memory, unit: number, isChecked: boolean, line: number, actor: number): void => {
    if (memory.space === "workgroup") {
      if (!this.shared.hasWritten(memory.accesses!, unit)) this.unwritten(line, memory, unit, actor);
      return;
    }
    if (isChecked && memory.written![unit] === 0) this.unwritten(line, memory, unit, actor);
  };

  #race(line: number, memory: Memory, unit: number, actor: number, other: number, did: string): never {
    const log = memory.space === "workgroup" ? this.shared : this.storage;
    const whom = other < 0
      ? "others"
      : other >= log.stretch
      ? this.#actor(other - log.stretch)
      : "an invocation of another workgroup";
    const where = memory.space === "workgroup" ? "between two barriers" : "in one dispatch";
    return this.fail(line, `"${memory.name}" ${did} at ${at(memory, unit)}, which ${whom} touched ${where}`, actor);
  }

  #actor(actor: number): string {
    return actor < this.size ? `invocation ${actor}` : `subgroup ${actor - this.size}`;
  }

  #who(actor: number): string {
    return `${this.#actor(actor)} of workgroup ${this.group.join(", ")}`;
  }
}

const at = ({ unit: bytes }: Memory, unit: number): string => `${bytes === 2 ? "half" : "word"} ${unit}`;
