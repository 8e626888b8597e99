/** The commit that results name, wherever git keeps it. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { commitIn } from "../../../pipelines/study/write_files.ts";

const [first, second] = ["a".repeat(40), "b".repeat(40)];

/** What is found in a folder with these files. */
const found = async (files: Readonly<Record<string, string>>, from = "."): Promise<string | undefined> => {
  const dir = mkdtempSync(join(tmpdir(), "signum-commit-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  const commit = await Effect.runPromise(commitIn(join(dir, from)));
  rmSync(dir, { recursive: true });
  return commit;
};

Deno.test("the commit is found in a clone, detached, packed, in a worktree, and nowhere without git", async () => {
  const branch = { ".git/HEAD": "ref: refs/heads/main\n" };
  assert.equal(await found({ ...branch, ".git/refs/heads/main": `${first}\n` }), first);
  assert.equal(await found({ ".git/HEAD": `${second}\n` }), second);
  const packed = `# pack-refs with: peeled\n${second} refs/heads/other/main\n${first} refs/heads/main\n`;
  assert.equal(await found({ ...branch, ".git/packed-refs": packed }), first);
  assert.equal(
    await found({
      ...branch,
      ".git/refs/heads/wip/x": second,
      ".git/worktrees/x/HEAD": "ref: refs/heads/wip/x\n",
      ".git/worktrees/x/commondir": "../..\n",
      "x/.git": "gitdir: ../.git/worktrees/x\n",
    }, "x"),
    second,
  );
  assert.equal(await found({ README: "" }), undefined);
});
