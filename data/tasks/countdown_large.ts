/**
 * Countdown with ten times the problems: 20,480 for training and 1,280 for testing. They begin with those of `countdown`. The task of the
 * recipe `small`.
 */
import type { Task } from "../task.ts";
import { countdown, problems, sizes } from "./countdown.ts";

const times = 10;

/** The task `countdown-large`. */
export const countdownLarge: Task = {
  ...countdown,
  name: "countdown-large",
  summary: "countdown with ten times the problems; generated, nothing to download",
  source: {
    kind: "generated",
    sizes: { train: times * sizes.train, test: times * sizes.test },
    problems,
  },
};
