/** Where two answers differ: what they begin and end with alike, and what stands between in each. */

/** A text in three parts; the middle one is what the other text has not. */
export interface Parts {
  readonly begin: string;
  readonly own: string;
  readonly end: string;
}

/** Characters as people count them, so that no sign is cut in two. */
const characters = (text: string): ReadonlyArray<string> => Array.from(text);

/** Both texts cut at their first and last difference; equal ones have nothing between. */
export const differenceOf = (a: string, b: string): readonly [Parts, Parts] => {
  const [left, right] = [characters(a), characters(b)];
  const shorter = Math.min(left.length, right.length);
  let begin = 0;
  while (begin < shorter && left[begin] === right[begin]) begin++;
  let end = 0;
  while (end < shorter - begin && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  const cut = (list: ReadonlyArray<string>): Parts => ({
    begin: list.slice(0, begin).join(""),
    own: list.slice(begin, list.length - end).join(""),
    end: list.slice(list.length - end).join(""),
  });
  return [cut(left), cut(right)];
};
