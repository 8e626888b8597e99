/** Registry of ops with their cases, for the conformance test, gradient check and benchmark. */
import type { OpCases } from "./op_case.ts";
import { adamwCases } from "./adamw/adamw_cases.ts";
import { addCases } from "./add/add_cases.ts";
import { attentionCases } from "./attention/attention_cases.ts";
import { castCases } from "./cast/cast_cases.ts";
import { embeddingCases } from "./embedding/embedding_cases.ts";
import { globalNormCases } from "./global_norm/global_norm_cases.ts";
import { kvCacheCases } from "./kv_cache/kv_cache_cases.ts";
import { matmulCases } from "./matmul/matmul_cases.ts";
import { rmsNormCases } from "./rms_norm/rms_norm_cases.ts";
import { rowSumsCases } from "./row_sums/row_sums_cases.ts";
import { ropeCases } from "./rope/rope_cases.ts";
import { swigluCases } from "./swiglu/swiglu_cases.ts";
import { tokenLogProbsCases } from "./token_log_probs/token_log_probs_cases.ts";

/** All ops, in the order in which a model uses them. */
export const ops: ReadonlyArray<OpCases> = [
  matmulCases,
  embeddingCases,
  rmsNormCases,
  ropeCases,
  attentionCases,
  swigluCases,
  addCases,
  rowSumsCases,
  tokenLogProbsCases,
  kvCacheCases,
  globalNormCases,
  adamwCases,
  castCases,
];
