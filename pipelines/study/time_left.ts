/**
 * The time that a study still takes. Cells that ran here say how much longer or shorter than its estimate a second of a cell takes; cells that were
 * kept, or that went on with a run of earlier, say nothing of it. Where cells run side by side, the time is shared.
 */

/** A cell that is under way: its estimate and for how long it has run, in seconds. */
export interface UnderWay {
  readonly estimate: number;
  readonly ran: number;
}

/** What a study knows of itself; all times are in seconds. */
export interface Pace {
  /** Estimates of the cells that are neither done nor under way, together. */
  readonly waiting: number;
  readonly underWay: ReadonlyArray<UnderWay>;
  /** Estimates of the cells that ran here from their beginning to their end, and how long they took. */
  readonly estimated: number;
  readonly took: number;
  /** Cells that run side by side. */
  readonly lanes: number;
}

/** Seconds until the last cell is done; undefined until a cell has shown how long one takes. */
export const timeLeft = ({ waiting, underWay, estimated, took, lanes }: Pace): number | undefined => {
  if (estimated <= 0) return undefined;
  const slowness = took / estimated;
  const rest = underWay.map(({ estimate, ran }) => Math.max(0, estimate * slowness - ran));
  const work = waiting * slowness + rest.reduce((sum, seconds) => sum + seconds, 0);
  return Math.max(work / Math.max(1, lanes), ...rest);
};
