/**
 * The tiny study's NSR training with 16 bits in place of 32, three seeds each: weights stored in bfloat16 or float16, AdamW's moments in
 * bfloat16. `deno task bench:storage`: each training is a run of `deno task train` (one that is there already is gone on with), and
 * `results/bench/storage_tiny.md` says how far each seed's curve is from the same seed's in float32, beside what the seed alone changes.
 */
import { readFileSync, writeFileSync } from "node:fs";

const steps = 50;
const window = 10;
const seeds = [1, 2, 3];

/** What is stored in 16 bits, and the flags that say so. */
const variants = {
  "f32": [],
  "bf16 weights": ["--storage", "bf16"],
  "f16 weights": ["--storage", "f16"],
  "bf16 moments": ["--moments", "bf16"],
} as const;
type Variant = keyof typeof variants;

interface Curve {
  readonly name: string;
  readonly correct: ReadonlyArray<number>;
  readonly entropy: ReadonlyArray<number>;
  readonly test: ReadonlyArray<number>;
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Trains, or finds it done, and reads the metrics: means over windows of steps, test accuracy at the end of each. */
const curve = async (variant: Variant, seed: number): Promise<Curve> => {
  const out = `runs/storage/${variant.replace(" ", "_")}_seed_${seed}`;
  const words =
    `train --recipe tiny --algorithm nsr --seed ${seed} --steps ${steps} --test-every ${window} --out ${out}`;
  const args = ["task", "-q", ...words.split(" "), ...variants[variant]];
  const { code } = await new Deno.Command(Deno.execPath(), { args, stdout: "inherit", stderr: "inherit" }).output();
  if (code !== 0) Deno.exit(code);
  const rows: ReadonlyArray<Record<string, number>> = readFileSync(`${out}/metrics.ndjson`, "utf8").trim().split("\n")
    .map((line) => JSON.parse(line));
  const windows = (key: string) =>
    Array.from(
      { length: steps / window },
      (_, i) => mean(rows.slice(i * window, (i + 1) * window).map((row) => row[key])),
    );
  return {
    name: `${variant}, seed ${seed}`,
    correct: windows("correctRatio"),
    entropy: windows("meanEntropy"),
    test: Array.from({ length: steps / window }, (_, i) => rows[(i + 1) * window - 1].testAccuracy),
  };
};

const train = async (variant: Variant) => {
  const done: Curve[] = [];
  for (const seed of seeds) done.push(await curve(variant, seed));
  return done;
};
const full = await train("f32");
const halves = [
  { name: "bf16 weights", curves: await train("bf16 weights") },
  { name: "f16 weights", curves: await train("f16 weights") },
  { name: "bf16 moments", curves: await train("bf16 moments") },
];
const all = [...full, ...halves.flatMap(({ curves }) => curves)];

const percent = (x: number): string => (100 * x).toFixed(1);
const fixed = (x: number): string => x.toFixed(3);

const table = (key: "correct" | "entropy" | "test", show: (x: number) => string): string => {
  const heads = all[0][key].map((_, i) =>
    key === "test" ? `${(i + 1) * window}` : `${i * window + 1}-${(i + 1) * window}`
  );
  const rows = all.map((one) => `| ${one.name} | ${one[key].map(show).join(" | ")} |`);
  return [`| step | ${heads.join(" | ")} |`, `|---|${heads.map(() => "--:").join("|")}|`, ...rows].join("\n");
};

/** The most that two seeds in float32 are apart, and each seed in 16 bits from the same seed in float32: the largest of any point. */
const verdict = (key: "correct" | "entropy" | "test", show: (x: number) => string): string => {
  const apart = (a: Curve, b: Curve) => Math.max(...a[key].map((x, i) => Math.abs(x - b[key][i])));
  const spread = Math.max(...full.flatMap((a) => full.map((b) => apart(a, b))));
  const cells = halves.map(({ curves }) => {
    const each = curves.map((one, i) => apart(one, full[i]));
    return `${each.map(show).join(", ")} (${Math.max(...each) <= spread ? "within" : "beyond"})`;
  });
  return `${show(spread)} | ${cells.join(" | ")}`;
};

writeFileSync(
  "results/bench/storage_tiny.md",
  `# Weights or moments stored in 16 bits: the tiny study's NSR training

Written by \`deno task bench:storage\`: ${steps} steps of recipe \`tiny\`, base 1, seeds ${
    seeds.join(", ")
  }. Training steps float32 weights; what the passes read of them,
or AdamW's moments, are stored as named. Each seed is compared with the same seed in f32: the largest difference of any point of its curve, beside
the largest between two seeds in f32.

| | two seeds in f32 | ${halves.map(({ name }) => `${name} from f32, seed by seed`).join(" | ")} |
|---|${"--:|".repeat(1 + halves.length)}
| correct rollouts (%), mean of ${window} steps | ${verdict("correct", percent)} |
| entropy (nats), mean of ${window} steps | ${verdict("entropy", fixed)} |
| greedy test accuracy (%) | ${verdict("test", percent)} |

Correct rollouts in percent, means of ${window} steps:

${table("correct", percent)}

Entropy in nats, means of ${window} steps:

${table("entropy", fixed)}

Greedy test accuracy in percent:

${table("test", percent)}
`,
);
