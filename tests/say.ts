/** Prints a line, even where a test run is quiet. */
export const say = (line: string): void => Deno.writeTextFileSync("/dev/stderr", `${line}\n`, { append: true });
