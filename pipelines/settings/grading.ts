/**
 * Which grading training and evaluation use where nothing is said, and the line in which each says which it uses. Training is strict, because a
 * reward given by mistake teaches a wrong thing; an evaluation asks what a model knows.
 */
import { tasks } from "../../data/mod.ts";
import { grading } from "./groups.ts";
import type { Settings } from "./settings.ts";

/** The `--extract` of each command where nothing is said. */
export const gradingDefaults = { train: grading.extract.default, evaluate: "lenient" } as const;

/** The line that says how `command` grades, and how the other one comes to grade alike; undefined for a task that `--extract` does not change. */
export const gradingLine = (
  command: keyof typeof gradingDefaults,
  { task, extract }: Pick<Settings, "task" | "extract">,
): string | undefined => {
  if (tasks[task].extracts !== true) return undefined;
  const other = command === "train" ? "evaluate" : "train";
  const otherwise = gradingDefaults[other];
  const line = `${command} grades with --extract ${extract}`;
  if (extract === otherwise) return `${line}, as ${other} does where nothing is said`;
  return `${line}, ${other} with ${otherwise} where nothing is said: give ${other} --extract ${extract} to grade alike`;
};
