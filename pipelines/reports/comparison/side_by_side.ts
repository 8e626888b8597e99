/** Responses to one prompt beside each other, as plain text: what was asked, and of each its verdict and its end. */
import { harmless } from "../responses/response_text.ts";
import type { ShownRecord } from "../responses/shown_record.ts";

/** A response and whose it is. */
export interface Column {
  readonly label: string;
  readonly response: ShownRecord;
}

/** Characters of a line, columns that stand beside each other at most, and lines of a response that are shown unless all are asked for. */
const [lineWidth, mostColumns, lastLines] = [100, 3, 12];

/** Text in lines of at most `width` characters, where its words allow, else cut. */
const foldedLines = (text: string, width: number): ReadonlyArray<string> =>
  text.split("\n").flatMap((line) => {
    const lines: string[] = [];
    let rest = Array.from(line);
    while (rest.length > width) {
      const space = rest.slice(0, width + 1).lastIndexOf(" ");
      const end = space > 0 ? space : width;
      lines.push(rest.slice(0, end).join(""));
      rest = rest.slice(space > 0 ? end + 1 : end);
    }
    return [...lines, rest.join("")];
  });

const verdictOf = ({ correct, answer, responseTokens, responseLength, finish }: ShownRecord): string => {
  const tokens = responseTokens?.length ?? responseLength;
  return [
    correct === undefined ? "not graded" : correct ? "✓ correct" : "✗ incorrect",
    answer === undefined
      ? []
      : answer === null
      ? "no answer found"
      : `answer ${harmless(answer).replaceAll("\n", "⏎")}`,
    tokens === undefined ? [] : `${tokens} tokens`,
    finish === "length" ? "cut off" : [],
  ].flat().join(", ");
};

const columnLines = ({ label, response }: Column, width: number, whole: boolean): ReadonlyArray<string> => {
  const text = foldedLines(harmless(response.responseText), width);
  const shown = whole ? text : text.slice(-lastLines);
  const before = text.length - shown.length;
  return [
    ...foldedLines(harmless(label), width),
    ...foldedLines(verdictOf(response), width),
    ...(before > 0 ? foldedLines(`… ${before} lines before (--whole shows them)`, width) : []),
    ...shown,
  ];
};

const padded = (text: string, width: number): string => text + " ".repeat(Math.max(0, width - Array.from(text).length));

/** One prompt with the first response of each, and an empty line at the end. */
export const sideBySide = (columns: ReadonlyArray<Column>, whole: boolean): string => {
  const [{ response }] = columns;
  const separator = " │ ";
  const count = columns.length > mostColumns ? 1 : columns.length;
  const width = Math.floor((lineWidth - separator.length * (count - 1)) / count);
  const all = columns.map((column) => columnLines(column, width, whole));
  const height = Math.max(...all.map(({ length }) => length));
  const rows = count === 1
    ? all.flatMap((lines) => [...lines, ""])
    : [...Array(height).keys()].map((i) => all.map((lines) => padded(lines[i] ?? "", width)).join(separator).trimEnd());
  return [
    harmless(response.problemId),
    ...(response.question === undefined ? [] : foldedLines(`question  ${harmless(response.question)}`, lineWidth)),
    ...(response.goldAnswer === undefined ? [] : foldedLines(`gold      ${harmless(response.goldAnswer)}`, lineWidth)),
    ...rows,
    "",
    "",
  ].join("\n");
};
