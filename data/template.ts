/**
 * Prompt templates for models without a chat template, or to ask as in the paper: Tables 2 and 3 of the paper, `plain` for base models, and
 * `none` for problems that already are whole prompts.
 * The paper's Table 3 prints `<think>` and `</think>` on adjacent lines; this follows Qwen3's chat template, in which two line ends
 * separate them and two more follow.
 */

/** The instruction of every template: reasoning first, the answer in a box. */
export const instruction = "Please reason step by step, and put your final answer within \\boxed{}.";

/** The user message of a chat: the question, then the instruction, as in Tables 2 and 3. */
export function userMessage(question: string): string {
  return `${question}\n${instruction}`;
}

const chat = (question: string) =>
  `<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n${userMessage(question)}<|im_end|>\n` +
  "<|im_start|>assistant\n";

const templates: Readonly<Record<string, (question: string) => string>> = {
  "qwen2.5-math": chat,
  "qwen3-non-thinking": (question) => `${chat(question)}<think>\n\n</think>\n\n`,
  plain: (question) => `${userMessage(question)}\n`,
  none: (question) => question,
};

/** The template names; the first is the paper's for Qwen2.5-Math-7B. */
export const templateNames = ["qwen2.5-math", "qwen3-non-thinking", "plain", "none"] as const;

/** The prompt of a question under a template, or null for an unknown name. */
export function template(name: string, question: string): string | null {
  return Object.hasOwn(templates, name) ? templates[name](question) : null;
}
