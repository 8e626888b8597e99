/**
 * The tutorial as a newcomer walks it: its commands run in their order as they stand, but for the folder that they write to, and each prints
 * the lines that the text shows.
 */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { relative } from "node:path";
import "../../adapter.ts";

const root = new URL("../../../", import.meta.url).pathname;
const text = readFileSync(new URL("pipelines/training/TUTORIAL.md", `file://${root}`), "utf8");

/** A block of commands, the words at which a reader stops them, and the output that is shown below. */
interface Piece {
  readonly stopAt: string | undefined;
  readonly commands: string;
  readonly shown: ReadonlyArray<string>;
}

const pieces: ReadonlyArray<Piece> = [
  ...text.matchAll(/(?:<!-- stop at: ([^>]+) -->\s+)?^```sh\n([^]*?)^```\n(?:\s*^```text\n([^]*?)^```$)?/gm),
].map(([, stopAt, commands, shown = ""]) => ({ stopAt, commands, shown: shown.split("\n") }));

/** Runs commands in the project's folder; gives what they say, and signals once they have said `stopAt`. */
const run = async (commands: string, stopAt: string | undefined) => {
  const child = new Deno.Command("bash", {
    args: ["-c", `set -e; ${stopAt === undefined ? "" : "exec "}${commands}`],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const stdout = new Response(child.stdout).text();
  let said = "";
  let isStopped = false;
  for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) {
    said += part;
    if (stopAt === undefined || isStopped || !said.includes(`\n${stopAt}`)) continue;
    isStopped = true;
    child.kill("SIGINT");
  }
  const { code } = await child.status;
  assert.equal(code, stopAt === undefined ? 0 : 130, `${commands}\n${said}`);
  return `${said}\n${await stdout}`;
};

/** Columns have other widths where a folder has a longer name. */
const plain = (line: string): string => line.trim().replaceAll(/\s+/g, " ");

Deno.test("the walk of the tutorial, command by command, prints what it shows", async () => {
  const count = pieces.flatMap(({ commands }) => commands.match(/^deno task /gm) ?? []).length;
  assert.ok(count >= 7 && count < 10, `${count} commands`);
  mkdirSync(`${root}runs`, { recursive: true });
  const folder = relative(root, mkdtempSync(`${root}runs/t`));
  for (const { commands, stopAt, shown } of pieces) {
    const said = await run(commands.replaceAll(/\bruns\b/g, folder), stopAt);
    const lines = said.replaceAll(folder, "runs").split("\n").map(plain);
    let from = 0;
    for (const line of shown.map(plain).filter((line) => !/^(…|─*)$/.test(line))) {
      const at = lines.indexOf(line, from);
      assert.ok(at >= 0, `${commands}does not print "${line}" behind line ${from} of\n${said}`);
      from = at + 1;
    }
  }
  for (const file of ["compared.svg", "grpo.html", "export/model.safetensors", "slower/begin/model.safetensors"]) {
    assert.ok(existsSync(`${root}${folder}/${file}`), file);
  }
  rmSync(`${root}${folder}`, { recursive: true });
});
