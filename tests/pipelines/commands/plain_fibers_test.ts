/** The entry point keeps Effect from `node:async_hooks`; this file imports neither before it watches who asks for the module. */
import assert from "node:assert/strict";
import process from "node:process";

Deno.test("the entry point is loaded without node:async_hooks, and other modules of Node are there", async () => {
  const { getBuiltinModule } = process;
  const asked: string[] = [];
  Object.assign(process, {
    getBuiltinModule: (name: string) => {
      asked.push(name);
      return getBuiltinModule(name);
    },
  });
  await import("../../../pipelines/cli.ts");
  assert.equal(process.getBuiltinModule("node:path")?.sep, "/");
  assert.deepEqual(asked.filter((name) => name === "node:async_hooks"), []);
  assert.equal(asked.at(-1), "node:path");
});
