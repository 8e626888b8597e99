/** Summaries of the first minutes on a GPU as Markdown, goals beside them: `deno run -A tests/gpu/table.ts first_light_1.ndjson …`. */
import { readFileSync } from "node:fs";

type Row = Readonly<Record<string, unknown>>;

const rows: ReadonlyArray<Row> = Deno.args.flatMap((path) =>
  readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))
);
const figures = (part: string) => rows.filter((row) => row.part === part && row.figure).map((row) => row.figure as Row);
const most = (numbers: ReadonlyArray<number>): string =>
  numbers.length === 0 ? "–" : Math.max(...numbers).toPrecision(4);
const numberOf = (value: unknown): number => typeof value === "number" ? value : NaN;

const speed = (part: string, work: string) =>
  most(figures(part).filter((row) => row.work === work).map((row) => numberOf(row.tokensPerSecond)));

console.log("| part | seconds | outcome | figures | wrong cases |\n|---|--:|---|--:|--:|");
for (const { part, seconds, outcome } of rows.filter((row) => row.outcome !== undefined)) {
  const found = figures(String(part));
  const wrong = found.reduce((sum, row) => sum + (numberOf(row.wrong) || 0), 0);
  console.log(
    `| ${part} | ${seconds} | ${outcome} | ${found.length} | ${found.some((row) => "wrong" in row) ? wrong : ""} |`,
  );
}
const products = figures("products").filter((row) => row.size === 8192).map((row) => numberOf(row.teraflops));
const apart = figures("training_apart").map((row) => numberOf(row.apart));
const goals = [
  ["float16 product of 8192^3, TFLOP/s", "400", most(products)],
  ["training of w-reinforce, 5 steps, largest relative difference from wasm", "none set", most(apart)],
  ...[["0.5B", "qwen_0_5b"], ["1.5B", "qwen_1_5b"], ["7B", "qwen_7b"]].flatMap(([name, part]) => [
    [`${name} training, tokens/s`, "PyTorch's bf16, eager", speed(part, "train")],
    [`${name} sampling, tokens/s`, "10 x transformers.generate", speed(part, "sample")],
    [`${name} GRPO, tokens/s`, name === "7B" ? "1500" : "none set", speed(part, "grpo")],
  ]),
];
console.log("\n| what | goal | measured |\n|---|--:|--:|");
for (const row of goals) console.log(`| ${row.join(" | ")} |`);
