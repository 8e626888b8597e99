/** The words of the commands that read any results. */
import type { Positional } from "../settings/command.ts";

/** What they read: files, folders, or stdin. */
export const resultFiles: Positional = {
  name: "FILE",
  summary: "NDJSON files, or folders of evaluations and runs (default: stdin)",
  optional: true,
  many: true,
};
