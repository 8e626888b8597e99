/**
 * Records the last accesses to each unit of memory, to detect races. Each invocation gets a new number for each interval between barriers. Numbers
 * only grow, so one comparison tells whether an access belongs to this dispatch, this workgroup and the interval since the last barrier.
 */

/** The last writer and last reader of each unit of a buffer or variable. A negative reader means several. */
export class Accesses {
  readonly writer: Int32Array;
  readonly reader: Int32Array;
  era = 0;

  constructor(units: number) {
    this.writer = new Int32Array(units);
    this.reader = new Int32Array(units);
  }
}

/** Beyond this number, numbering starts again. */
const last = 2 ** 30;

/** Numbers invocations and detects conflicting accesses that no barrier separates. */
export class AccessLog {
  #next = 1;
  #era = 0;
  /** The first number whose accesses may conflict with present ones. */
  oldest = 1;
  /** The first number of this workgroup, and of its interval since the last barrier. */
  first = 1;
  stretch = 1;

  /** Starts a dispatch: earlier accesses no longer conflict. */
  begin(): void {
    if (this.#next > last) {
      this.#next = 1;
      this.#era++;
    }
    this.oldest = this.#next++;
  }

  /** Starts a workgroup with `actors` invocations and subgroups. */
  workgroup(actors: number): void {
    this.first = this.stretch = this.#next;
    this.#next += actors;
  }

  /** A barrier: later accesses of the workgroup do not conflict with earlier ones. */
  barrier(actors: number): void {
    this.stretch = this.#next;
    this.#next += actors;
  }

  /** Clears accesses of an earlier numbering. */
  renew(accesses: Accesses): void {
    if (accesses.era === this.#era) return;
    accesses.writer.fill(0);
    accesses.reader.fill(0);
    accesses.era = this.#era;
  }

  /** Records a read by an actor of this interval; returns the actor of a conflicting write, else 0. */
  read({ writer, reader }: Accesses, at: number, actor: number): number {
    const self = this.stretch + actor;
    const wrote = writer[at];
    const read = reader[at];
    if (read !== self) {
      if (read >= this.oldest && !this.#isSeparated(read)) {
        reader[at] = read >= this.stretch ? -this.stretch : -this.oldest;
      } else if (!(read < 0 && this.#areSeveral(read))) reader[at] = self;
    }
    return wrote === self || wrote < this.oldest || this.#isSeparated(wrote) ? 0 : wrote;
  }

  /** Records a write by an actor of this interval; returns the actor of a conflicting access, else 0. */
  write({ writer, reader }: Accesses, at: number, actor: number): number {
    const self = this.stretch + actor;
    const wrote = writer[at];
    const read = reader[at];
    writer[at] = self;
    if (wrote !== self && wrote >= this.oldest && !this.#isSeparated(wrote)) return wrote;
    if (read < 0) return this.#areSeveral(read) ? read : 0;
    return read === self || read < this.oldest || this.#isSeparated(read) ? 0 : read;
  }

  /** Whether this workgroup has written a unit. */
  hasWritten({ writer }: Accesses, at: number): boolean {
    return writer[at] >= this.first;
  }

  #isSeparated(number: number): boolean {
    return number >= this.first && number < this.stretch;
  }

  #areSeveral(reader: number): boolean {
    return reader === -this.stretch || reader === -this.oldest;
  }
}
