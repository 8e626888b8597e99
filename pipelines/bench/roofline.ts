/**
 * The roofline of a device as measured by one run: the arithmetic of the fastest product, the bandwidth of the fastest copy or sum, and the
 * time of a dependent dispatch. No work is faster than the slowest of the three terms (Williams, Waterman and Patterson, "Roofline", 2009),
 * but small buffers that stay in a cache can exceed the bandwidth.
 */

/** The term that bounds a piece of work. */
export type Term = "arithmetic" | "bandwidth" | "dispatch";

/** The highest operations and bytes per second, the seconds of a dispatch, and the row that each was measured by. */
export interface Roofs {
  readonly flops: number;
  readonly bytes: number;
  readonly dispatch: number;
  readonly flopsBy: string;
  readonly bytesBy: string;
}

/** The operations and bytes of a piece of work, and its number of consecutive dispatches. */
export interface Demand {
  readonly flops: number;
  readonly bytes: number;
  readonly dispatches: number;
}

/** A measured piece of work; `name` describes it. */
export interface Timed extends Demand {
  readonly name: string;
  readonly seconds: number;
}

const best = (rows: ReadonlyArray<Timed>, of: "flops" | "bytes") => {
  const found = rows.reduce((most, row) => row[of] / row.seconds > most[of] / most.seconds ? row : most);
  return { rate: found[of] / found.seconds, name: found.name };
};

/** The roofs: the fastest product and the fastest copy; both lists must have at least one row. */
export const roofsOf = (products: ReadonlyArray<Timed>, moves: ReadonlyArray<Timed>, dispatch: number): Roofs => {
  const [arithmetic, bandwidth] = [best(products, "flops"), best(moves, "bytes")];
  return {
    flops: arithmetic.rate,
    bytes: bandwidth.rate,
    dispatch,
    flopsBy: arithmetic.name,
    bytesBy: bandwidth.name,
  };
};

/** The least time that the roofs allow, by term, and the term that bounds it. */
export const leastTime = (
  { flops, bytes, dispatches }: Demand,
  roofs: Pick<Roofs, "flops" | "bytes" | "dispatch">,
): { readonly seconds: number; readonly heldBy: Term } => {
  const terms: ReadonlyArray<readonly [Term, number]> = [
    ["arithmetic", flops / roofs.flops],
    ["bandwidth", bytes / roofs.bytes],
    ["dispatch", dispatches * roofs.dispatch],
  ];
  const [heldBy, seconds] = terms.reduce((most, term) => term[1] > most[1] ? term : most);
  return { seconds, heldBy };
};

/** Rates of a measured piece of work, and its shares of the arithmetic and bandwidth roofs; null if it has no operations or bytes. */
export const rates = (timed: Timed, roofs: Roofs) => {
  const { flops, bytes, seconds } = timed;
  const roof = Math.max(flops / roofs.flops, bytes / roofs.bytes);
  return {
    gflops: flops / seconds / 1e9,
    gbPerSecond: bytes / seconds / 1e9,
    intensity: bytes === 0 ? null : flops / bytes,
    share: roof === 0 ? null : roof / seconds,
    heldBy: leastTime(timed, roofs).heldBy,
  };
};
