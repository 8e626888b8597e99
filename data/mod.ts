/**
 * Every task by name. A new task is one file in `tasks/` and one line here; the command line, the tests and the reports read this registry.
 */
import type { Task } from "./task.ts";
import { aime2025 } from "./tasks/aime_2025.ts";
import { amc23 } from "./tasks/amc_23.ts";
import { countdown } from "./tasks/countdown.ts";
import { countdownLarge } from "./tasks/countdown_large.ts";
import { jsonl } from "./tasks/jsonl.ts";
import { math } from "./tasks/math.ts";

export type { Dropped, Extraction, GoldForm, Grade, Parsed, Problem, RowError, Split, Task } from "./task.ts";

const all: ReadonlyArray<Task> = [countdown, countdownLarge, math, aime2025, amc23, jsonl];

export const tasks: Readonly<Record<string, Task>> = Object.fromEntries(all.map((task) => [task.name, task]));
