/**
 * The roofline of a device as one run measured it: the arithmetic of the best product, the bytes a second of the best copy or sum, the time of
 * a dispatch that waits for another. A piece of work can be no faster than the slowest of the three lets it (Williams, Waterman and Patterson,
 * "Roofline", 2009); small buffers that stay in a cache can pass the second one.
 */

/** What holds a piece of work. */
export type Term = "arithmetic" | "bandwidth" | "dispatch";

/** Operations and bytes a second at most, seconds of a dispatch, and which row each was measured by. */
export interface Roofs {
  readonly flops: number;
  readonly bytes: number;
  readonly dispatch: number;
  readonly flopsBy: string;
  readonly bytesBy: string;
}

/** Work to be done, and dispatches in a row that it takes. */
export interface Demand {
  readonly flops: number;
  readonly bytes: number;
  readonly dispatches: number;
}

/** A measured piece of work; `name` says which in words. */
export interface Timed extends Demand {
  readonly name: string;
  readonly seconds: number;
}

const best = (rows: ReadonlyArray<Timed>, of: "flops" | "bytes") => {
  const found = rows.reduce((most, row) => row[of] / row.seconds > most[of] / most.seconds ? row : most);
  return { rate: found[of] / found.seconds, name: found.name };
};

/** The roofs: of all products the one that computes fastest, of all copies the one that moves most; both lists hold a row at least. */
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

/** The least time that the roofs allow, term by term, and which of them it is. */
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

/** Rates of a measured piece of work, and how near the roof of arithmetic and bandwidth it comes; null where it asks for neither. */
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
