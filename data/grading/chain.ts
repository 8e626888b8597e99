/** Chains of relations such as `a = b < c`, cut at the relation signs outside all brackets. */

/** `=`, `<`, `>`, or a LaTeX command without its backslash. */
export type Relation = "=" | "<" | ">" | "le" | "ge" | "ne" | "approx" | "equiv" | "sim";

/** A chain `a = b < c`; it has one more side than relations. */
export interface Chain {
  readonly kind: "relation";
  readonly sides: ReadonlyArray<string>;
  readonly relations: ReadonlyArray<Relation>;
}

const relationAt = /\\(le|ge|ne|approx|equiv|sim)(?![a-zA-Z])/y;

/** A chain of relations outside all brackets, or null if there is none or a side is empty. */
export function chain(text: string): Chain | null {
  const sides: Array<string> = [];
  const relations: Array<Relation> = [];
  let depth = 0;
  let from = 0;
  const cut = (relation: Relation, at: number, width: number) => {
    sides.push(text.slice(from, at).trim());
    relations.push(relation);
    from = at + width;
  };
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (sign === "\\") {
      relationAt.lastIndex = at;
      const found = relationAt.exec(text);
      if (found !== null && depth === 0) {
        cut(found[1] as Relation, at, found[0].length);
        at += found[0].length - 1;
      } else at++;
    } else if ("([{\ue000".includes(sign)) depth++;
    else if (")]}\ue001".includes(sign)) depth--;
    else if (depth === 0 && (sign === "=" || sign === "<" || sign === ">")) cut(sign, at, 1);
  }
  sides.push(text.slice(from).trim());
  return relations.length === 0 || sides.includes("") ? null : { kind: "relation", sides, relations };
}

/** Whether a text is a letter, possibly with a subscript or applied to another letter. */
export const isVariable = (text: string): boolean => /^(?:[a-zA-Z]|\\[a-z]+)(?:_\{?\w+\}?)?(?:\([a-z]\))?$/.test(text);
