/**
 * Who touched which unit of memory last, to find races. Each invocation has a number of its own for each stretch between barriers; numbers only
 * grow, so one comparison tells whether an access was of this dispatch, of this workgroup, and behind the last barrier.
 */

/** Last writer and last reader of each unit of one buffer or variable. A negative reader stands for several. */
export class Accesses {
  readonly writer: Int32Array;
  readonly reader: Int32Array;
  era = 0;

  constructor(units: number) {
    this.writer = new Int32Array(units);
    this.reader = new Int32Array(units);
  }
}

/** Beyond this number all begins anew. */
const last = 2 ** 30;

/** Numbers the invocations that run, and says which accesses of two of them nothing separates. */
export class AccessLog {
  #next = 1;
  #era = 0;
  /** The first number whose accesses may conflict with those of now. */
  oldest = 1;
  /** The first number of this workgroup, and of its stretch since the last barrier. */
  first = 1;
  stretch = 1;

  /** Starts what conflicts with nothing before it. */
  begin(): void {
    if (this.#next > last) {
      this.#next = 1;
      this.#era++;
    }
    this.oldest = this.#next++;
  }

  /** Starts a workgroup of so many invocations and subgroups. */
  workgroup(actors: number): void {
    this.first = this.stretch = this.#next;
    this.#next += actors;
  }

  /** Separates what the workgroup has done from what it does next. */
  barrier(actors: number): void {
    this.stretch = this.#next;
    this.#next += actors;
  }

  /** Forgets accesses whose numbers are used again. */
  renew(accesses: Accesses): void {
    if (accesses.era === this.#era) return;
    accesses.writer.fill(0);
    accesses.reader.fill(0);
    accesses.era = this.#era;
  }

  /** Notes a read by an actor of this stretch; the other one where it conflicts with a write, else 0. */
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

  /** Notes a write by an actor of this stretch; the other one where it conflicts with a write or a read, else 0. */
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
