/**
 * The tiny study's NSR training with weights stored in float32, bfloat16 and float16, beside float32 with other seeds: `deno task bench:storage`.
 * Each training is a run of `deno task train` (one that is there already is gone on with), and `results/bench/storage_tiny.md` says
 * whether the 16-bit curves lie within what the seed alone changes.
 */
import { readFileSync, writeFileSync } from "node:fs";

const steps = 50;
const window = 10;
const runs = { f32: [1, 2, 3], bf16: [1], f16: [1] } as const;
type Storage = keyof typeof runs;

interface Curve {
  readonly name: string;
  readonly correct: ReadonlyArray<number>;
  readonly entropy: ReadonlyArray<number>;
  readonly test: ReadonlyArray<number>;
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** Trains, or finds it done, and reads the metrics: means over windows of steps, test accuracy at the end of each. */
const curve = async (storage: Storage, seed: number): Promise<Curve> => {
  const out = `runs/storage/${storage}_seed_${seed}`;
  const words =
    `train --recipe tiny --algorithm nsr --seed ${seed} --steps ${steps} --test-every ${window} --out ${out}`;
  const args = ["task", "-q", ...words.split(" "), ...(storage === "f32" ? [] : ["--storage", storage])];
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
    name: `${storage}, seed ${seed}`,
    correct: windows("correctRatio"),
    entropy: windows("meanEntropy"),
    test: Array.from({ length: steps / window }, (_, i) => rows[(i + 1) * window - 1].testAccuracy),
  };
};

const train = async (storage: Storage) => {
  const done: Curve[] = [];
  for (const seed of runs[storage]) done.push(await curve(storage, seed));
  return done;
};
const curves = { f32: await train("f32"), bf16: await train("bf16"), f16: await train("f16") };
const all = [...curves.f32, ...curves.bf16, ...curves.f16];

const percent = (x: number): string => (100 * x).toFixed(1);
const fixed = (x: number): string => x.toFixed(3);

const table = (key: "correct" | "entropy" | "test", show: (x: number) => string): string => {
  const heads = all[0][key].map((_, i) =>
    key === "test" ? `${(i + 1) * window}` : `${i * window + 1}-${(i + 1) * window}`
  );
  const rows = all.map((one) => `| ${one.name} | ${one[key].map(show).join(" | ")} |`);
  return [`| step | ${heads.join(" | ")} |`, `|---|${heads.map(() => "--:").join("|")}|`, ...rows].join("\n");
};

/** The largest distance of a storage type from float32 with the same seed, and of two seeds in float32 from each other. */
const verdict = (key: "correct" | "entropy" | "test", show: (x: number) => string): string => {
  const apart = (a: Curve, b: Curve) => Math.max(...a[key].map((x, i) => Math.abs(x - b[key][i])));
  const spread = Math.max(...curves.f32.flatMap((a) => curves.f32.map((b) => apart(a, b))));
  const cells = (["bf16", "f16"] as const).map((storage) => {
    const most = Math.max(...curves[storage].map((one, i) => apart(one, curves.f32[i])));
    return `${show(most)} (${most <= spread ? "within" : "beyond"})`;
  });
  return `${show(spread)} | ${cells.join(" | ")}`;
};

writeFileSync(
  "results/bench/storage_tiny.md",
  `# Weights stored in 16 bits: the tiny study's NSR training

Written by \`deno task bench:storage\`: ${steps} steps of recipe \`tiny\`, base 1. Training steps float32 weights; what the passes read is stored as named.

| | most between two seeds in f32 | bf16 from f32, same seed, at most | f16 from f32, same seed, at most |
|---|--:|--:|--:|
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
