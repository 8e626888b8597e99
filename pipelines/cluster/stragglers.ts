/**
 * Stragglers: once nothing waits, a job that has taken much longer than others of its stage is offered a second time, and whoever is first
 * gives the result (the backup tasks of Dean and Ghemawat 2004, "MapReduce", Section 3.6). Results are content-addressed, so both may finish.
 */
import { median } from "../../data/statistics.ts";
import type { Run } from "./runs.ts";

/** A job is late after this many times the median of its stage, and after this many milliseconds. */
const [times, least] = [3, 10_000];

/** Jobs of a stage that must have ended before its median says something. */
const known = 3;

/** Whether a run has taken too long. The clocks of machines differ, so both times are the worker's own. */
export const isLate = ({ begun, heard }: Pick<Run, "begun" | "heard">, took: ReadonlyArray<number>): boolean =>
  took.length >= known && heard - begun > Math.max(times * median(took), least);
