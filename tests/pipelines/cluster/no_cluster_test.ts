import assert from "node:assert/strict";

const root = new URL("../../../", import.meta.url).pathname;

/** The parts of what `deno info --json` prints that this test reads. */
interface Graph {
  readonly roots: ReadonlyArray<string>;
  readonly modules: ReadonlyArray<{
    readonly specifier: string;
    readonly dependencies?: ReadonlyArray<{
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
    }>;
  }>;
}

/** What a module loads at its start: its imports and theirs, but none that is asked for while it runs. */
const loadedBy = async (path: string): Promise<ReadonlySet<string>> => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", path], cwd: root }).output();
  const graph: Graph = JSON.parse(new TextDecoder().decode(stdout));
  const modules = new Map(graph.modules.map((one) => [one.specifier, one]));
  const seen = new Set<string>();
  const waiting = [...graph.roots];
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (seen.has(one)) continue;
    seen.add(one);
    for (const { isDynamic, code } of modules.get(one)?.dependencies ?? []) {
      if (!isDynamic && code?.specifier !== undefined) waiting.push(code.specifier);
    }
  }
  return seen;
};

const isOfCluster = (specifier: string): boolean =>
  /^npm:.*(sql|postgres|pg|redis|platform-node)/.test(specifier) ||
  /pipelines\/cluster\/(hand_out|database|postgres_client|sqlite_client|store_server)\.ts$/.test(specifier);

Deno.test("without --cluster, training and a study load no database, no HTTP server and no package of theirs", async () => {
  for (const path of ["pipelines/training/train.ts", "pipelines/study/reproduce.ts"]) {
    const loaded = await loadedBy(path);
    assert.ok(loaded.size > 200, path);
    assert.deepEqual([...loaded].filter(isOfCluster), [], path);
  }
});

Deno.test("what hands jobs out does load them", async () => {
  const client = [...await loadedBy("pipelines/cluster/postgres_client.ts")].filter(isOfCluster);
  assert.ok(client.some((one) => one.startsWith("npm:")), client.join());
  assert.ok([...await loadedBy("pipelines/cluster/hand_out.ts")].some(isOfCluster));
});
