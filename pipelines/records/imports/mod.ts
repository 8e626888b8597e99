/** Importers by name: the choices of `--from`. A new one is one file and one line here. */
import { authors } from "./authors.ts";
import type { Importer } from "./importer.ts";
import { easyr1 } from "./easyr1.ts";
import { lighteval } from "./lighteval.ts";
import { lmEval } from "./lm_eval.ts";
import { openaiBatch } from "./openai_batch.ts";
import { openrlhf } from "./openrlhf.ts";
import { verl } from "./verl.ts";

/** Every importer, by name. */
export const importers: Readonly<Record<string, Importer>> = Object.fromEntries(
  [authors, verl, lighteval, lmEval, openrlhf, easyr1, openaiBatch].map((importer) => [importer.name, importer]),
);
