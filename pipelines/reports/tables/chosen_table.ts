/** The learning rates that a study's rule chose, with the score of every candidate. */
import type { ChosenRow } from "../../records/study_rows.ts";
import { seriesName } from "../series.ts";
import { empty, type Table, textCell } from "./table.ts";

/** What the rule is, in a sentence; undefined if nothing was chosen. */
export const chosenWords = ([first]: ReadonlyArray<ChosenRow>): string | undefined =>
  first &&
  `Each objective takes the rate with the highest mean of Pass@1 and Pass@${first.k}, in percent below, of one training of the first base; ` +
    "of equal ones, before rounding, the first. The problems are of a seed of their own, but their numbers are those of the reported ones. These " +
    "cells ran before all others.";

const rateText = (rate: number): string => rate.toExponential(0);

/** One row per choice, one column per rate. */
export const chosenTable = (rows: ReadonlyArray<ChosenRow>): Table => {
  const rates = [...new Set(rows.map(({ learningRate }) => learningRate))].sort((a, b) => a - b);
  return {
    notes: [],
    columns: [
      { name: "Objective", align: "left" },
      ...rates.map((rate) => ({ name: rateText(rate), align: "right" as const })),
      { name: "chosen", align: "left" },
    ],
    blocks: [{
      rows: [...Map.groupBy(rows, ({ choice }) => choice)].map(([choice, own]) => [
        textCell(seriesName(choice)),
        ...rates.map((rate) => {
          const one = own.find(({ learningRate }) => learningRate === rate);
          return one === undefined ? empty : { text: (100 * one.score).toFixed(1), value: one.score };
        }),
        textCell(own.filter(({ chosen }) => chosen).map(({ learningRate }) => rateText(learningRate)).join()),
      ]),
    }],
  };
};
