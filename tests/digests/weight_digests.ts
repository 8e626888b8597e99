/**
 * SHA-256 of the weights that the tiny study's trainings give on the embedded device, after some of their steps: the same on every machine.
 *   deno task digests [STEPS [ALGORITHM…]]
 * prints them as NDJSON; `tests/golden/weight_digests.ndjson` holds those after 1, 2 and 60 steps.
 */
import { stepFolder } from "../../pipelines/files/run_directory.ts";
import { algorithmsOf } from "../../pipelines/recipes/recipe.ts";
import { tiny } from "../../pipelines/recipes/tiny.ts";

/** The weights of one training after one step. */
export interface WeightDigest {
  readonly algorithm: string;
  readonly step: number;
  readonly model: string;
}

const cli = new URL("../../pipelines/cli.ts", import.meta.url).pathname;

/** The steps whose weights are listed. */
export const listed = [1, 2, 60];

/** The algorithms of the study. */
export const algorithms: ReadonlyArray<string> = algorithmsOf(tiny);

/** Trains with `algorithm` for `steps` steps in a folder of its own and gives the digests of the listed ones. */
export const digestsOf = async (algorithm: string, steps: number): Promise<ReadonlyArray<WeightDigest>> => {
  const out = await Deno.makeTempDir({ prefix: "signum-" });
  try {
    const args = ["train", "--recipe", "tiny", "--algorithm", algorithm, "--steps", `${steps}`, "--test-every", "0"];
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "-A", cli, ...args, "--out", `${out}/run`],
      cwd: new URL("../..", import.meta.url).pathname,
      env: { SIGNUM_ADAPTER: "wasm" },
      stdout: "null",
      stderr: "piped",
    }).output();
    if (code !== 0) throw new Error(`train ended with ${code}: ${new TextDecoder().decode(stderr)}`);
    const found: WeightDigest[] = [];
    for (const step of listed.filter((one) => one <= steps)) {
      const file = `${out}/run/${stepFolder(step)}/update.ndjson`;
      const last = (await Deno.readTextFile(file)).trimEnd().split("\n").at(-1) ?? "";
      found.push({ algorithm, step, model: JSON.parse(last).model });
    }
    return found;
  } finally {
    await Deno.remove(out, { recursive: true });
  }
};

if (import.meta.main) {
  const [steps = "60", ...wanted] = Deno.args;
  for (const algorithm of wanted.length > 0 ? wanted : algorithms) {
    for (const digest of await digestsOf(algorithm, Number(steps))) console.log(JSON.stringify(digest));
  }
}
