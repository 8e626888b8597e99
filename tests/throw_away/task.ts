/** A task that only the tests have: twelve problems of countdown for training and four for testing, made from another seed. */
import { type Task, tasks } from "../../data/mod.ts";
import { countdown, problems } from "../../data/tasks/countdown.ts";

/** What the generator was asked for, in order. */
export const asked: Array<number> = [];

/** The task. */
export const throwAwayTask: Task = {
  ...countdown,
  name: "throw-away",
  summary: "a dozen problems of countdown",
  source: {
    kind: "generated",
    sizes: { train: 12, test: 4 },
    problems: (split, count, seed = 7) => {
      asked.push(count);
      return problems(split, count, seed);
    },
  },
};

Object.assign(tasks, { [throwAwayTask.name]: throwAwayTask });
