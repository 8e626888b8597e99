/**
 * Compares NSR training of the tiny study in 16 bits with float32, three seeds each. `deno task bench:storage`: weights in bfloat16 or
 * float16, AdamW's moments in bfloat16. `deno task bench:storage activations`: activations and caches in float16 or bfloat16. `deno task
 * bench:storage kernels`: matrix units (float16 operands), cooperative rows, and all together, on a device that has them. Each training is
 * a run of `deno task train`, resumed if it exists. `results/bench/` lists each seed's distance from the same seed in float32 with the
 * plain kernels, beside the distance between seeds.
 */
import { mean } from "../../data/statistics.ts";
import { percentText } from "../reports/figures/shares.ts";
import { readFileSync, writeFileSync } from "node:fs";

const steps = 50;
const window = 10;
const seeds = [1, 2, 3];

/** A variant of training by its flags. */
interface Variant {
  readonly flags?: ReadonlyArray<string>;
}

interface Comparison {
  readonly title: string;
  readonly what: string;
  readonly variants: Readonly<Record<string, Variant>>;
}

const comparisons: Readonly<Record<string, Comparison>> = {
  storage: {
    title: "Weights or moments stored in 16 bits",
    what: "Training steps float32 weights; what the passes read of them, or AdamW's moments, are stored as named.",
    variants: {
      "bf16 weights": { flags: ["--storage", "bf16"] },
      "f16 weights": { flags: ["--storage", "f16"] },
      "bf16 moments": { flags: ["--moments", "bf16"] },
    },
  },
  activations: {
    title: "Activations and caches stored in 16 bits",
    what:
      "What feeds products and attention is stored as named (`--activations`), keys and values with it; weights, sums and gradients are float32.",
    variants: {
      "f16 activations": { flags: ["--activations", "f16"] },
      "bf16 activations": { flags: ["--activations", "bf16"] },
    },
  },
  kernels: {
    title: "Products on matrix units, rows shared out among lanes",
    what:
      "Matrix units take float16 operands and sum in float32 (`--kernels matrix`); shared rows (`--kernels cooperative`) are float32 in another order;\nthe last has both, weights and moments in bf16 and activations in f16, as a GPU is to run it.",
    variants: {
      "matrix units": { flags: ["--kernels", "matrix"] },
      "shared rows": { flags: ["--kernels", "cooperative"] },
      "both and 16 bits": {
        flags: "--storage bf16 --moments bf16 --activations f16 --kernels matrix,cooperative".split(" "),
      },
    },
  },
};

const [chosen = "storage"] = Deno.args;
const comparison = comparisons[chosen];
if (comparison === undefined) {
  console.error(`Cannot compare "${chosen}": expected ${Object.keys(comparisons).join(" or ")}`);
  Deno.exit(1);
}

interface Curve {
  readonly name: string;
  readonly correct: ReadonlyArray<number>;
  readonly entropy: ReadonlyArray<number>;
  readonly test: ReadonlyArray<number>;
}

/** Trains, or reuses the finished run, and reads the metrics: means over windows of steps, test accuracy at the end of each. */
const curve = async (name: string, { flags = [] }: Variant, seed: number): Promise<Curve> => {
  const out = `runs/${chosen}/${name.replaceAll(" ", "_")}_seed_${seed}`;
  const words =
    `train --recipe tiny --algorithm nsr --seed ${seed} --steps ${steps} --test-every ${window} --out ${out}`;
  const args = ["task", "-q", ...words.split(" "), ...flags];
  const { code } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" })
    .output();
  if (code !== 0) Deno.exit(code);
  const rows: ReadonlyArray<Record<string, number>> = readFileSync(`${out}/metrics.ndjson`, "utf8").trim().split("\n")
    .map((line) => JSON.parse(line));
  const windows = (key: string) =>
    Array.from(
      { length: steps / window },
      (_, i) => mean(rows.slice(i * window, (i + 1) * window).map((row) => row[key])),
    );
  return {
    name: `${name}, seed ${seed}`,
    correct: windows("correctRatio"),
    entropy: windows("meanEntropy"),
    test: Array.from({ length: steps / window }, (_, i) => rows[(i + 1) * window - 1].testAccuracy),
  };
};

const train = async (name: string, variant: Variant) => {
  const curves: Curve[] = [];
  for (const seed of seeds) curves.push(await curve(name, variant, seed));
  return { name, curves };
};
const { curves: full } = await train("f32", {});
const others: Awaited<ReturnType<typeof train>>[] = [];
for (const [name, variant] of Object.entries(comparison.variants)) others.push(await train(name, variant));
const all = [...full, ...others.flatMap(({ curves }) => curves)];

const fixed = (x: number): string => x.toFixed(3);

const table = (key: "correct" | "entropy" | "test", show: (x: number) => string): string => {
  const heads = all[0][key].map((_, i) =>
    key === "test" ? `${(i + 1) * window}` : `${i * window + 1}-${(i + 1) * window}`
  );
  const rows = all.map((one) => `| ${one.name} | ${one[key].map(show).join(" | ")} |`);
  return [`| step | ${heads.join(" | ")} |`, `|---|${heads.map(() => "--:").join("|")}|`, ...rows].join("\n");
};

/** The largest distance at any point: between two seeds in float32, and between each 16-bit seed and the same float32 seed. */
const verdict = (key: "correct" | "entropy" | "test", show: (x: number) => string): string => {
  const apart = (a: Curve, b: Curve) => Math.max(...a[key].map((x, i) => Math.abs(x - b[key][i])));
  const spread = Math.max(...full.flatMap((a) => full.map((b) => apart(a, b))));
  const cells = others.map(({ curves }) => {
    const each = curves.map((one, i) => apart(one, full[i]));
    return `${each.map(show).join(", ")} (${Math.max(...each) <= spread ? "within" : "beyond"})`;
  });
  return `${show(spread)} | ${cells.join(" | ")}`;
};

const file = `results/bench/${chosen}_tiny.md`;
const doctor = await new Deno.Command(Deno.execPath(), { args: ["task", "-q", "doctor"] }).output();
const [device] = new TextDecoder().decode(doctor.stdout).split("\n");
writeFileSync(
  file,
  `# ${comparison.title}: the tiny study's NSR training

Written by \`deno task bench:storage${
    chosen === "storage" ? "" : ` ${chosen}`
  }\`: ${steps} steps of recipe \`tiny\`, base 1, seeds ${seeds.join(", ")}.
${comparison.what}
Each seed is compared with the same seed in f32: the largest difference of any point of its curve, beside the largest between two seeds in f32.
Device: ${device.replace(/^adapter +/, "")}.

| | two seeds in f32 | ${others.map(({ name }) => `${name} from f32, seed by seed`).join(" | ")} |
|---|${"--:|".repeat(1 + others.length)}
| correct rollouts (%), mean of ${window} steps | ${verdict("correct", percentText)} |
| entropy (nats), mean of ${window} steps | ${verdict("entropy", fixed)} |
| greedy test accuracy (%) | ${verdict("test", percentText)} |

Correct rollouts in percent, means of ${window} steps:

${table("correct", percentText)}

Entropy in nats, means of ${window} steps:

${table("entropy", fixed)}

Greedy test accuracy in percent:

${table("test", percentText)}
`,
);
