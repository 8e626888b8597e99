/** Command lines that tests run in their own process. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { run } from "../pipelines/cli.ts";
import { memory, StandardStreams } from "../pipelines/files/standard_streams.ts";

/** Runs a command line without quotes; gives both streams, and the message of its error. */
export const commandLine = async (line: string, stdin = "") => {
  const io = memory(stdin);
  const words = line.split(" ").filter((word) => word !== "");
  const result = await Effect.runPromise(
    Effect.result(run(words).pipe(Effect.provideService(StandardStreams, io.streams))),
  );
  const error = result._tag === "Failure" ? result.failure.message : undefined;
  return { stdout: io.stdout(), stderr: io.stderr(), error };
};

/** The same as a shell sees it: the status, and both streams, the message of an error as the last line of stderr. */
export const shellHere = async (line: string, stdin = "") => {
  const { stdout, stderr, error } = await commandLine(line, stdin);
  const said = [stderr, error ?? ""].filter((text) => text !== "").map((text) => `${text}\n`);
  return { code: error === undefined ? 0 : 1, stdout, stderr: said.join("") };
};

/** Runs a command line that must succeed. */
export const succeedsHere = async (line: string, stdin = "") => {
  const { stdout, stderr, error } = await commandLine(line, stdin);
  assert.equal(error, undefined, line);
  return { stdout, stderr };
};
