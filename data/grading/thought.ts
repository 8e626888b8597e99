/**
 * The text of a response after its last thought; text before a thought does not count. A thought that never ends has no answer, whatever it
 * boxes, because otherwise a policy would learn to guess often and never to finish.
 */

const names = "think|thinking|thought|thoughts|reasoning|reflection|scratchpad|analysis|seed:think";
const marks = new RegExp(
  [
    `<(?<open>${names})>`,
    `</(?<close>${names})>`,
    "(?<open2>\\[THINK\\]|<\\|(?:begin_of_thought|thinking|thought|think)\\|>|◁think▷)",
    "(?<close2>\\[/THINK\\]|<\\|(?:end_of_thought|/thinking|/thought|/think)\\|>|◁/think▷)",
    "<\\|channel\\|?>\\s?(?<channel>[a-z]+)",
  ].join("|"),
  "gi",
);

/**
 * The text after the last thought, or null if a thought never ends. `open`: whether the prompt ended inside a thought. In a text that
 * begins with the end of a thought, the prompt opened it.
 */
export function spoken(text: string, open = false): string | null {
  let inside = open;
  let started = open;
  let said = "";
  let from = 0;
  for (const { groups, index, 0: mark } of text.matchAll(marks)) {
    const channel = groups?.["channel"]?.toLowerCase();
    const opens = (groups?.["open"] ?? groups?.["open2"]) !== undefined ||
      (channel !== undefined && channel !== "final");
    if (opens) inside = true;
    else if (inside || !started) {
      said = "";
      inside = false;
    } else said += text.slice(from, index);
    started = true;
    from = index + mark.length;
  }
  return inside ? null : said + text.slice(from);
}

/** Whether a prompt ends inside a thought, so that the response begins there. */
export const endsInThought = (promptText: string): boolean => {
  const end = promptText.trimEnd();
  const last = [...end.slice(-40).matchAll(marks)].at(-1);
  return last !== undefined && spoken(last[0]) === null && end.endsWith(last[0]);
};
