/** The registry of model families: a new one is one file and one line here. */
import { llama } from "./llama.ts";
import type { Family } from "./family.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

/** Every model family that can be loaded, by its name. */
export const families: Readonly<Record<string, Family>> = { qwen2, qwen3, llama };
