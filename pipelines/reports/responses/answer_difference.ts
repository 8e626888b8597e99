/** The difference of two answers: their common beginning and end, and the middle of each. */

/** A text in three parts; the other text does not have the middle one. */
export interface Parts {
  readonly begin: string;
  readonly own: string;
  readonly end: string;
}

/** The code points of a text, so that no surrogate pair is cut. */
const characters = (text: string): ReadonlyArray<string> => Array.from(text);

/** Cuts both texts at their first and last difference; equal texts have an empty middle. */
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
