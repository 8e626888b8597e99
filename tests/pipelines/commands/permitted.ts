/**
 * The process of `permissions_test.ts`: runs the command lines that it reads under the permissions that it was started with, and answers each
 * with both streams and the message of its error, as a line of JSON.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { consoleToStderr } from "../../../pipelines/commands/platform.ts";
import { commandLine } from "../../command_line.ts";

/** A command line and what it reads. */
export interface Asked {
  readonly line: string;
  readonly stdin: string;
}

/** What it wrote. */
export type Answered = Awaited<ReturnType<typeof commandLine>>;

if (import.meta.main) {
  const { log } = console;
  consoleToStderr();
  for await (const text of createInterface({ input: process.stdin })) {
    const { line, stdin }: Asked = JSON.parse(text);
    log(JSON.stringify(await commandLine(line, stdin)));
  }
}
