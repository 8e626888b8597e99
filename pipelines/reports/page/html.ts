/**
 * HTML as a value that only this file creates. Everything put into a template is escaped unless it is such a value, so no model output can
 * become markup. Control characters and characters that change the text direction are shown as symbols.
 */
import { harmless } from "../responses/response_text.ts";

/** Markup that is printed without escaping. */
export interface Html {
  readonly html: string;
}

/** The content of a template: markup, text, numbers, lists of these; undefined prints nothing. */
export type Child = Html | string | number | undefined | ReadonlyArray<Child>;

const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Escapes text for elements and quoted attributes. */
export const escaped = (text: string): string =>
  harmless(text.toWellFormed()).replaceAll(/[&<>"']/g, (sign) => signs[sign]);

/** Trusted markup. */
export const raw = (html: string): Html => ({ html });

const isList = (child: Child): child is ReadonlyArray<Child> => Array.isArray(child);

const textOf = (child: Child): string => {
  if (child === undefined) return "";
  if (typeof child === "string") return escaped(child);
  if (typeof child === "number") return String(child);
  return isList(child) ? child.map(textOf).join("") : child.html;
};

/** A template whose values are escaped. */
export const markup = (strings: TemplateStringsArray, ...children: ReadonlyArray<Child>): Html =>
  raw(strings.map((text, i) => i === 0 ? text : textOf(children[i - 1]) + text).join(""));

/** An attribute with a space before it; undefined without a value. */
export const attribute = (name: string, value: string | undefined): Html | undefined =>
  value === undefined || value === "" ? undefined : markup` ${raw(name)}="${value}"`;

/** A number with two decimals at most, enough for a drawing. */
export const short = (value: number): string => String(Number(value.toFixed(2)));
