/**
 * The rooms of the sources, from the ground up: a file imports only from its own room and from those above it in this list, types included.
 * A row that ends in "/" is a folder with everything below it, one that ends in "/*" is the files of a folder alone, any other is one file;
 * where several rows fit a file, the longest is its room. A new folder begins with its row here.
 */
export const rooms: ReadonlyArray<string> = [
  "data/models/",
  "data/elementary/",
  "data/*",
  "data/grading/",
  "data/paper/",
  "data/tasks/",
  "data/mod.ts",
  "kernels/wgsl/",
  "kernels/*",
  "kernels/wasm/",
  "kernels/ops/",
  "pipelines/schema.ts",
  "pipelines/explained.ts",
  "pipelines/imports/",
  "pipelines/algorithms/",
  "pipelines/settings.ts",
  "pipelines/runtime/",
  "pipelines/models/",
  "pipelines/recipes/",
  "pipelines/stages/",
  "pipelines/insights/",
  "pipelines/show/",
  "pipelines/reports/",
  "pipelines/evaluation/",
  "pipelines/study/",
  "pipelines/bench/",
  "pipelines/pack/",
  "pipelines/*",
];

/** Imports that still run up, `from -> to`: each is to be mended, and none is added. */
export const exceptions: ReadonlyArray<string> = [
  "kernels/bench.ts -> kernels/ops/adamw/adamw.ts",
  "kernels/bench.ts -> kernels/ops/add/add.ts",
  "kernels/bench.ts -> kernels/ops/attention/attention.ts",
  "kernels/bench.ts -> kernels/ops/embedding/embedding.ts",
  "kernels/bench.ts -> kernels/ops/global_norm/global_norm.ts",
  "kernels/bench.ts -> kernels/ops/matmul/matmul.ts",
  "kernels/bench.ts -> kernels/ops/rms_norm/rms_norm.ts",
  "kernels/bench.ts -> kernels/ops/rope/rope.ts",
  "kernels/bench.ts -> kernels/ops/swiglu/swiglu.ts",
  "kernels/bench.ts -> kernels/ops/token_log_probs/token_log_probs.ts",
  "kernels/bench_device.ts -> kernels/ops/add/add.ts",
  "kernels/bench_products.ts -> kernels/ops/cast/cast.ts",
  "kernels/bench_products.ts -> kernels/ops/matmul/matmul.ts",
  "kernels/bench_products.ts -> kernels/ops/matmul/matrix_product.ts",
  "kernels/bench_products.ts -> kernels/ops/matmul/matrix_tiles.ts",
  "kernels/cooperative.ts -> kernels/ops/attention/attention.ts",
  "kernels/cooperative.ts -> kernels/ops/attention/attention_subgroup.ts",
  "kernels/cooperative.ts -> kernels/ops/rms_norm/rms_norm.ts",
  "kernels/cooperative.ts -> kernels/ops/row_sums/row_sums.ts",
  "kernels/device.ts -> kernels/wasm/open.ts",
  "kernels/kernel_work.ts -> kernels/ops/kv_cache/pages.ts",
  "kernels/matrix_units.ts -> kernels/ops/matmul/matrix_product.ts",
  "kernels/matrix_units.ts -> kernels/ops/matmul/matrix_self_test.ts",
  "kernels/matrix_units.ts -> kernels/ops/matmul/matrix_tiles.ts",
  "pipelines/settings.ts -> pipelines/bench/shapes.json",
  "pipelines/settings.ts -> pipelines/models/offload.ts",
  "pipelines/settings.ts -> pipelines/models/padded_vocabulary.ts",
  "pipelines/settings.ts -> pipelines/models/safetensors_header.ts",
  "pipelines/settings.ts -> pipelines/runtime/setting.ts",
  "pipelines/runtime/artifact_store.ts -> pipelines/models/safetensors.ts",
  "pipelines/runtime/hub.ts -> pipelines/models/checkpoint.ts",
  "pipelines/stages/explain.ts -> pipelines/token_gradients.ts",
  "pipelines/stages/insights.ts -> pipelines/insights/direction.ts",
  "pipelines/stages/insights.ts -> pipelines/insights/insight.ts",
  "pipelines/stages/insights.ts -> pipelines/insights/moved_tokens.ts",
  "pipelines/stages/insights.ts -> pipelines/insights/solved.ts",
  "pipelines/insights/direction.ts -> pipelines/token_gradients.ts",
  "pipelines/insights/moved_tokens.ts -> pipelines/token_gradients.ts",
  "pipelines/reports/grid_page.ts -> pipelines/study/judge.ts",
  "pipelines/reports/grid_page.ts -> pipelines/study/rows.ts",
  "pipelines/reports/page/insights_section.ts -> pipelines/study/rows.ts",
  "pipelines/reports/page/read_run.ts -> pipelines/run_settings.ts",
  "pipelines/reports/page/read_study.ts -> pipelines/study/grid_rows.ts",
  "pipelines/reports/page/read_study.ts -> pipelines/study/judge.ts",
  "pipelines/reports/page/read_study.ts -> pipelines/study/records.ts",
  "pipelines/reports/page/read_study.ts -> pipelines/study/rows.ts",
  "pipelines/reports/page/read_study.ts -> pipelines/study/shown_runs.ts",
  "pipelines/reports/page/study_html.ts -> pipelines/study/rows.ts",
  "pipelines/reports/verdicts.ts -> pipelines/study/judge.ts",
  "pipelines/study/algorithm_results.ts -> pipelines/evaluate.ts",
  "pipelines/study/given_recipe.ts -> pipelines/run_settings.ts",
  "pipelines/study/models.ts -> pipelines/evaluate.ts",
  "pipelines/study/models.ts -> pipelines/run_plan.ts",
  "pipelines/study/run_cell.ts -> pipelines/run_settings.ts",
  "pipelines/study/run_cell.ts -> pipelines/train.ts",
  "pipelines/study/shown_runs.ts -> pipelines/run_settings.ts",
];

const rank = (path: string): number => {
  let best = -1;
  for (const [i, row] of rooms.entries()) {
    const folder = row.endsWith("/*") ? row.slice(0, -1) : row;
    const fits = row.endsWith("/")
      ? path.startsWith(row)
      : row.endsWith("/*")
      ? path.startsWith(folder) && !path.slice(folder.length).includes("/")
      : path === row;
    if (fits && (best < 0 || row.length > rooms[best].length)) best = i;
  }
  return best;
};

/** The room of a file; undefined for one that has none. */
export const roomOf = (path: string): string | undefined => rooms[rank(path)];

/** What is wrong with an import, both files named from the root of the repository; undefined for one that may stand. */
export const importProblem = (from: string, to: string): string | undefined => {
  const homeless = [from, to].find((path) => rank(path) < 0);
  if (homeless !== undefined) return `"${homeless}" has no room in .ci/rooms.ts`;
  if (rank(to) <= rank(from)) return undefined;
  return `${rooms[rank(from)]} may not import ${rooms[rank(to)]}: "${to}" is further up`;
};
