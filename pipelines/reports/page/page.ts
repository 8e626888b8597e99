/**
 * The frame of a page: one self-contained file with its style and script. The content security policy in its head blocks any other script
 * or style and all loading, whatever model output contains.
 */
import { createHash } from "node:crypto";
import type { Series } from "../series.ts";
import { type Child, type Html, markup, raw } from "./html.ts";
import style from "./page.css" with { type: "text" };
import script from "./hover.js" with { type: "text" };

/** The page's file name in a folder. */
export const pageFile = "report.html";

/** A part of a page; one without a body is left out. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: Html | undefined;
}

/** What a page that is served and changes has besides: rules, and a script that may ask its server, and runs before the page's own. */
export interface Live {
  readonly style: string;
  readonly script: string;
}

/** The content of a page. */
export interface Page {
  readonly title: string;
  readonly lede: Child;
  readonly facts: ReadonlyArray<{ readonly name: string; readonly value: Child }>;
  readonly series: ReadonlyArray<Series>;
  readonly sections: ReadonlyArray<Section>;
  readonly live?: Live;
}

const digest = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** CSS rules that fade the other series of a figure while a series in its key is hovered, without a script. */
const keyRules = (series: ReadonlyArray<Series>): string =>
  [...new Set(series.map(({ style }) => style.color))].map((color) =>
    `.figure:has(.key .${color}:is(:hover,:focus-visible,[aria-pressed=true])) .plot ` +
    `:is([stroke^="var(--hue"],[fill^="var(--hue"]):not([stroke="var(--${color})"],[fill="var(--${color})"]){opacity:.12}`
  ).join("\n");

/** Files with their SHA-256, as a list. */
export const hashList = (
  records: ReadonlyArray<{ readonly file: string; readonly sha256: string }>,
): Html | undefined =>
  records.length === 0 ? undefined : markup`<h3>Records</h3>
<dl class="hashes">${
    records.toSorted((a, b) => a.file < b.file ? -1 : 1).map(({ file, sha256 }) =>
      markup`<div><dt><code>${file}</code></dt><dd><code class="hash">${sha256}</code></dd></div>
`
    )
  }</dl>
<p class="note">SHA-256 of each file that this page was made of.</p>
`;

/** A list of facts in columns. */
const factList = (facts: Page["facts"]): Html | undefined =>
  facts.length === 0
    ? undefined
    : markup`<dl class="facts">${
      facts.map(({ name, value }) =>
        markup`<div><dt>${name}</dt><dd>${value}</dd></div>
`
      )
    }</dl>
`;

/** The page as text. */
export const pageText = ({ title, lede, facts, series, sections, live }: Page): string => {
  const css = `${style}${keyRules(series)}\n${live?.style ?? ""}`;
  const present = sections.filter(({ body }) => body !== undefined && body.html.trim() !== "");
  const policy = `default-src 'none'; img-src data:; style-src ${digest(css)}; script-src ${digest(script)}${
    live === undefined ? "" : ` ${digest(live.script)}; connect-src 'self'`
  }`;
  return markup`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${raw(css)}</style></head>
<body>
<a class="skip" href="#content">To the content</a>
<header>
<h1>${title}</h1>
<p class="lede">${lede}</p>${factList(facts)}<nav aria-label="Contents"><ul>${
    present.map(({ id, title }) =>
      markup`<li><a href="#${id}">${title}</a></li>
`
    )
  }</ul></nav></header>
<main id="content">${
    present.map(({ id, title, body }) =>
      markup`<section id="${id}" class="part"><h2>${title}</h2>${body}</section>
`
    )
  }</main>
${live === undefined ? undefined : markup`<script>${raw(live.script)}</script>`}<script>${
    raw(script)
  }</script></body></html>`.html;
};
