import assert from "node:assert/strict";

const root = new URL("../..", import.meta.url).pathname;

/** Runs a shell line in the repository with `$CLI` as the command line interface under the permissions of a stage without a GPU. */
const shell = async (line: string, stdin = "") => {
  const child = new Deno.Command("bash", {
    args: ["-c", line],
    cwd: root,
    env: { CLI: `${Deno.execPath()} run -q -P=records pipelines/cli.ts`, NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(stdin)).then(() => writer.close()).catch(() => {});
  const { code, stdout, stderr } = await child.output();
  await written;
  return { code, stdout: new TextDecoder().decode(stdout), stderr: new TextDecoder().decode(stderr) };
};

Deno.test("stages make a pipe, without the GPU's permissions", async () => {
  const { code, stdout, stderr } = await shell(
    "set -o pipefail; $CLI reward | $CLI split --algorithm nsr",
    '{"problemId":"a","correct":true}\n{"problemId":"b","correct":false}\n',
  );
  assert.equal(stdout, '{"problemId":"b","correct":false,"reward":-1,"sign":"negative","weight":1}\n');
  assert.deepEqual([code, stderr], [0, ""]);
});

Deno.test("a reader that goes away ends a stage quietly", async () => {
  const record = `{"correct":true,"note":"${"x".repeat(200)}"}\n`;
  const { stdout, stderr } = await shell(
    '(trap "" PIPE; $CLI reward; echo "status $?" >&2) | head -n 1 | cut -c 1-15',
    record.repeat(50_000),
  );
  assert.equal(stdout, '{"correct":true\n');
  assert.equal(stderr, "status 0\n");
});

Deno.test("a bad record is one line on stderr and status 1", async () => {
  const { code, stdout, stderr } = await shell("$CLI reward", '{"correct":true}\n{"correct":"yes"}\n');
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^Cannot read Verdict from "<stdin>", line 2: field "correct" .*found "yes"\n$/);
});

Deno.test("a bad command line is one line on stderr and status 1, help is on stdout and status 0", async () => {
  const bad = await shell("$CLI advantage --algorithm trpo");
  assert.deepEqual([bad.code, bad.stdout], [1, ""]);
  assert.match(bad.stderr, /^[^\n]*--algorithm "trpo": expected one of [^\n]*\n$/);
  const help = await shell("$CLI advantage --help");
  assert.deepEqual([help.code, help.stderr], [0, ""]);
  assert.match(help.stdout, /--algorithm NAME/);
});

Deno.test("a signal ends a command with the status of the signal", async () => {
  const { stdout } = await shell(
    "pipe=$(mktemp -u); mkfifo $pipe; exec 3<>$pipe; rm $pipe; $CLI reward <&3 & sleep 1; kill -TERM $!; wait $!; echo $?",
  );
  assert.equal(stdout, "143\n");
});
