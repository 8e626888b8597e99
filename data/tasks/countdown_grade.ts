/**
 * The grader of `countdown`. A question is `n1 n2 n3 n4 target ~tolerance` (`_` for a missing fourth number). A right response is a chain
 * of steps `a op b = c`, each replacing two remaining numbers by their true result, until one is left within the tolerance of the target.
 * Any token after that makes the response wrong.
 */
import type { Grade } from "../task.ts";
import { apply } from "./countdown_derivation.ts";
import { equals, integers, plus, times, tokenId } from "./countdown_vocabulary.ts";

interface Question {
  readonly numbers: ReadonlyArray<number>;
  readonly target: number;
  readonly tolerance: number;
}

const shape = /^([1-9]) ([1-9]) ([1-9]) ([1-9]|_) (\d{1,2}) ~(\d{1,2})$/;

/** Reads a question; null if its form is wrong. */
export function readQuestion(question: string): Question | null {
  const found = shape.exec(question.trim());
  if (found === null) return null;
  const numbers = found.slice(1, 5).filter((number) => number !== "_").map(Number);
  return { numbers, target: Number(found[5]), tolerance: Number(found[6]) };
}

/** Grades a response text (without the end token) against the question alone. The answer is the number after the last `=`. */
export function gradeCountdown(problem: { readonly question: string }, responseText: string): Grade {
  const answer = /= (\d+)$/.exec(responseText.trim())?.[1] ?? null;
  const wrong = (reason: string): Grade => ({ answer, correct: false, reason });
  const question = readQuestion(problem.question);
  if (question === null) return wrong(`cannot read the question "${problem.question}"`);
  const left = [...question.numbers];
  const words = responseText.trim() === "" ? [] : responseText.trim().split(/\s+/, 64);
  const steps = question.numbers.length - 1;
  if (words[0] === "=") return wrong("a bare guess without a derivation");
  if (words.length !== 5 * steps) return wrong(`expected ${steps} steps of five tokens, found ${words.length} tokens`);
  const tokens = words.map(tokenId);
  for (let step = 0; step < steps; step++) {
    const [a, operation, b, equalsSign, result] = tokens.slice(5 * step, 5 * step + 5);
    const text = `step ${step + 1} "${words.slice(5 * step, 5 * step + 5).join(" ")}"`;
    if (!isInteger(a) || !isInteger(b) || !isInteger(result) || !isOperation(operation) || equalsSign !== equals) {
      return wrong(`${text} is not of the form a op b = c`);
    }
    for (const number of [a, b]) {
      const at = left.indexOf(number);
      if (at < 0) return wrong(`${text} uses ${number}, which is not there`);
      left.splice(at, 1);
    }
    const truth = apply(operation, a, b);
    if (truth !== result) return wrong(`${text} is false: the result is ${truth}`);
    left.push(result);
  }
  const distance = Math.abs(left[0] - question.target);
  const near = `${left[0]} is ${distance} from the target ${question.target}, tolerance ${question.tolerance}`;
  return distance <= question.tolerance ? { answer, correct: true, reason: near } : wrong(near);
}

function isInteger(token: number | undefined): token is number {
  return token !== undefined && token < integers;
}

function isOperation(token: number | undefined): token is number {
  return token !== undefined && token >= plus && token <= times;
}
