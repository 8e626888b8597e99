/**
 * How a question becomes a prompt for a model that has no chat template of its own, or that the paper asks in its own way:
 * Tables 2 and 3 of the paper, and `plain` for base models without chat marks. The paper's Table 3 prints
 * `<think>` and `</think>` one line apart; here Qwen3's own chat template is followed: an empty thought is two line ends, and two more end it.
 */

/** What every template asks for: reasoning first, the answer in a box. */
export const instruction = "Please reason step by step, and put your final answer within \\boxed{}.";

/** The message of the user in a chat: the question, then the instruction, as in Tables 2 and 3. */
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
};

/** The names that `template` takes; the first is the paper's for Qwen2.5-Math-7B. */
export const templateNames = ["qwen2.5-math", "qwen3-non-thinking", "plain"] as const;

/** The prompt text of a question under a named template, or null where there is no template of that name. */
export function template(name: string, question: string): string | null {
  return Object.hasOwn(templates, name) ? templates[name](question) : null;
}
