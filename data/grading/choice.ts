/**
 * Multiple choice: the letter that a gold answer or an answer names. A sentence names a letter only if it chooses one ("the answer is C");
 * "all except B" or "eliminate B" names none.
 */

const plain = (text: string) =>
  text.replace(/\\(?:text|mathrm|textbf|mathbf|mbox|bf)\s{0,8}\{([^{}]*)\}/g, "$1").replace(/[$\\]/g, " ").trim()
    .replace(/^(?:option|choice|answer|letter)\s+(?=\(?[A-Z]\b)/i, "");

/** The letter of a multiple-choice gold answer such as `C` or `\text{(C)}`, or null. */
export function choiceOf(gold: string): string | null {
  return /^\(?([A-Z])\)?\.?$/.exec(plain(gold))?.[1] ?? null;
}

const wrappedLabel =
  /^\\(?:text|textbf|mathbf|mathrm|mbox|bf)\s{0,8}\{\s{0,8}(?:\(([A-Z])\)|([A-Z])[).:])\s{0,8}\}\s{0,8}(?:\\ |~|:)?\s{0,8}(\S[\s\S]*)$/;
const plainLabel = /^(?:\(([A-Z])\)|([A-J])[).:])\s+(\S[\s\S]*)$/;
const wholeLabel =
  /^\\(?:text|textbf|mathrm|mbox)\s{0,8}\{\s{0,8}(?:\(([A-Z])\)|([A-Z])[).:])\s{0,8}([^{}\s][^{}]*)\}$/;
const nameLabel = /^([BCDEFGH])()(?=\s+[A-Z][a-z])\s+(\S[\s\S]*)$/;

/** The letter and the text of an answer that gives both, such as `(C) 12`, `\textbf{(C)}\ 12` or `C Cecile`, or null. */
export function labelledChoice(text: string): { readonly letter: string; readonly text: string } | null {
  const whole = wholeLabel.exec(text);
  const found = wrappedLabel.exec(text) ?? whole ?? plainLabel.exec(text) ?? nameLabel.exec(plain(text));
  if (found === null) return null;
  return { letter: found[1] ?? found[2], text: whole === null ? found[3] : `\\text{${found[3]}}` };
}

/** Words that may surround the letter that a sentence chooses. */
const choosing = new Set(
  ("the correct right answer option choice letter statement is it must be should would so therefore thus hence i we choose chose pick select my " +
    "our final best true conclude that response only this equals to for sure certainly definitely clearly").split(" "),
);

/** What may follow a letter and make it undecided. */
const beside =
  /^\(?\s{0,8}[A-Z]\s{0,8}[).:]?\s{0,8}(?:,|;|(?:or|and|but|at|not|maybe|perhaps|if|unless|is wrong|is not)\b)/i;
const besideClause =
  /^[,;.]\s*-?\d|^[,;]\s*\(?[A-Z]\)?(?:[,\s]|$)|\b(?:but|maybe|might|could|perhaps|unless|or maybe)\b/i;

/** Words that lead over to another letter. */
const turning = "and|or|but|no|rather|actually|wait|then|also|option|choice|letter|answer is|it is|choose|pick";
/** Another letter after the first: alone, in brackets, with a full stop, or after a comma or one of these words. */
const otherLetter = new RegExp(
  `(?:^\\s*|[,;.]\\s*|\\b(?i:${turning})[,;:]?\\s+)\\(?([A-HJ-Z])(?:\\)|[.:,;](?!\\d)|\\s*$)|(?<![a-zA-Z])\\(\\s?([A-HJ-Z])\\s?\\)`,
  "g",
);

/** Phrases that name letters without choosing one: a negated clause, and "none of" some. */
const denied =
  /(?:\bnot|n['’]t|\bcannot)\b(?:(?!\b(?:but|rather|actually|wait|then)\b)[^,;.])*|\b(?:none|all) of(?:[\s,()]|and|or|[A-Z]\b)+/gi;

/** Whether the following text names another letter. */
const namesOther = (rest: string, letter: string) =>
  [...rest.replace(denied, " ").matchAll(otherLetter)].some(([, open, bracketed]) => (open ?? bracketed) !== letter);

/** The letter that an answer begins with, as in `(C) 12` or `{c}`, or consists of, or null. */
export function chosen(answer: string): string | null {
  const text = plain(answer);
  const alone = /^[{(\s]{0,8}([a-fA-Z])[)}\s]{0,8}\.?$/.exec(text);
  if (alone !== null) return alone[1].toUpperCase();
  const label = /^\(?\s{0,8}([A-Z])\s{0,8}(?:\)|\.(?!\d)|:|$)/.exec(text);
  const first = label?.[1];
  const [clause] = text.split(/[,;.]/, 1);
  if (label !== null && first !== undefined) {
    const open = /\b(?:and|or)\s+\(?[A-Z]\b/.test(clause) || beside.test(text);
    return open || namesOther(text.slice(label[0].length), first) ? null : first;
  }
  if (clause.length > 80 || besideClause.test(text.slice(clause.length))) return null;
  const words = clause.split(/[\s:()]+/).filter((word) => word !== "");
  const letters = words.filter((word) => /^[A-Z]$/.test(word) && word !== "I");
  const rest = words.filter((word) => !/^[A-HJ-Z]$/.test(word));
  const only = letters.length === 1 && rest.every((word) => choosing.has(word.toLowerCase()));
  return only && !namesOther(text.slice(clause.length), letters[0]) ? letters[0] : null;
}

/** The letters of a gold answer that names several, such as `A, C`, or null. */
const lettersOf = (text: string): ReadonlyArray<string> | null => {
  const bare = plain(text).replace(/\s/g, "");
  return /^[A-Z](?:,[A-Z])+$/.test(bare) ? bare.split(",") : null;
};

/** Whether an answer such as `AC` names the letters of the gold answer `A, C`, in any order. */
export function sameLetters(gold: string, answer: string): boolean {
  const letters = lettersOf(gold);
  const run = /^[A-Z]{2,8}$/.exec(plain(answer).replace(/,? and |, /g, ""))?.[0];
  return letters !== null && run !== undefined && [...letters].sort().join("") === [...run].sort().join("");
}
