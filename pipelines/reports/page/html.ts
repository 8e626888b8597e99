/**
 * HTML as a value that only this file makes: everything put into a template is escaped unless it is such a value itself, so that nothing a
 * model wrote can become markup, whoever prints it. Control characters and those that turn the direction of text are shown as signs.
 */
import { harmless } from "../responses/response_text.ts";

/** Markup that may be printed as it is. */
export interface Html {
  readonly html: string;
}

/** What a template may hold: markup, text, numbers, lists of these; nothing is printed for what is absent. */
export type Child = Html | string | number | undefined | ReadonlyArray<Child>;

const signs: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Text that means nothing to HTML, inside of elements and of quoted attributes. */
export const escaped = (text: string): string =>
  harmless(text.toWellFormed()).replaceAll(/[&<>"']/g, (sign) => signs[sign]);

/** Markup that this program wrote. */
export const raw = (html: string): Html => ({ html });

const isList = (child: Child): child is ReadonlyArray<Child> => Array.isArray(child);

const textOf = (child: Child): string => {
  if (child === undefined) return "";
  if (typeof child === "string") return escaped(child);
  if (typeof child === "number") return String(child);
  return isList(child) ? child.map(textOf).join("") : child.html;
};

/** A template whose holes are escaped. */
export const markup = (strings: TemplateStringsArray, ...children: ReadonlyArray<Child>): Html =>
  raw(strings.map((text, i) => i === 0 ? text : textOf(children[i - 1]) + text).join(""));

/** An attribute with the space before it; nothing where it has no value. */
export const attribute = (name: string, value: string | undefined): Html | undefined =>
  value === undefined || value === "" ? undefined : markup` ${raw(name)}="${value}"`;

/** A number with as many digits as a drawing needs. */
export const short = (value: number): string => String(Number(value.toFixed(2)));
