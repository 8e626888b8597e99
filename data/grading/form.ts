/** The form in which a gold answer was read; shown beside every verdict, so that a reader sees what was compared. */
import type { GoldForm } from "../task.ts";
import { type Answer, readAnswer } from "./answer.ts";
import { choiceOf, labelledChoice } from "./choice.ts";
import { longestAnswer, normalize, splitTop } from "./latex.ts";
import { contains } from "./expression.ts";
import { variables } from "./symbolic.ts";
import { withoutUnit } from "./tail.ts";
import { formula } from "./value.ts";
import { yesOrNo } from "./words.ts";

/** The form of a gold answer, which need not be normalised. */
export function goldForm(gold: string): GoldForm {
  const text = normalize(gold);
  if (text === "") return "empty";
  if (text.length > longestAnswer) return "text";
  if (yesOrNo(text, true) !== null) return "text";
  if (choiceOf(text) !== null || labelledChoice(text) !== null) return "choice";
  return formOf(readAnswer(text));
}

function formOf(answer: Answer): GoldForm {
  switch (answer.kind) {
    case "intervals":
      return "interval";
    case "tuple":
      return answer.items.length === 2 && (answer.open === "[" || answer.close === "]") ? "interval" : "tuple";
    case "relation":
      return answer.sides.some((side) => /\\[pm][pm](?![a-zA-Z])/.test(side)) ? "plus-minus" : "relation";
    case "formula":
      return splitTop(answer.text, ":").length > 1 ? "ratio" : formulaForm(answer.text);
    default:
      return answer.kind;
  }
}

function formulaForm(text: string): GoldForm {
  const bare = withoutUnit(text);
  const read = formula(text) ?? formula(bare);
  if (read === null) return "text";
  if (read.kind === "percent") return "percent";
  if (contains(read, "plusMinus")) return "plus-minus";
  if (contains(read, "based")) return "base-n";
  if (variables(read).size === 0) return "number";
  const value = bare === text ? null : formula(bare);
  return value !== null && variables(value).size === 0 ? "number" : "expression";
}
