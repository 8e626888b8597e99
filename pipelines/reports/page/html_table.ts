/**
 * A table as HTML: a caption, headers of columns, rows and blocks for screen readers, best bold and second underlined, intervals small
 * below their number. On a narrow screen it scrolls sideways.
 */
import type { Block, Cell, Table } from "../tables/table.ts";
import { attribute, type Child, type Html, markup } from "./html.ts";

/** An annotation of a cell: a class, and a sentence as its tooltip. */
export interface Remark {
  readonly name: string;
  readonly said: string;
}

/** The style of a table on a page; `remark` is called for each cell but the first of its row. */
export interface TableStyle {
  readonly id?: string;
  readonly caption: string;
  /** Whether only screen readers get the caption, because a heading is above. */
  readonly isHidden?: boolean;
  readonly remark?: (cell: Cell, column: number, block: Block) => Remark | undefined;
  /** Further classes of a block. */
  readonly blockClass?: (block: Block) => string | undefined;
}

const marks = { best: "best", second: "second" } as const;

const inner = ({ text, mark, interval }: Cell): Html =>
  markup`${mark === "best" ? markup`<b>${text}</b>` : mark === "second" ? markup`<u>${text}</u>` : text}${
    interval === undefined ? undefined : markup`<small>${interval}</small>`
  }`;

const cellOf = (cell: Cell, align: "left" | "right", remark: Remark | undefined): Html => {
  const names = [
    align === "right" ? "num" : [],
    cell.mark === undefined ? [] : marks[cell.mark],
    remark?.name ?? [],
  ].flat();
  return markup`<td${attribute("class", names.join(" "))}${attribute("title", remark?.said)}>${inner(cell)}</td>`;
};

const bodyOf = (table: Table, block: Block, { remark, blockClass }: TableStyle): Html => {
  return markup`<tbody${attribute("class", blockClass?.(block))}>${
    block.label === undefined
      ? undefined
      : markup`<tr class="block"><th colspan="${table.columns.length}" scope="rowgroup"><span>${block.label}</span></th></tr>
`
  }${
    block.rows.map(([first, ...cells]) =>
      markup`<tr><th scope="row">${inner(first)}</th>${
        cells.map((cell, i) => cellOf(cell, table.columns[i + 1].align, remark?.(cell, i + 1, block)))
      }</tr>
`
    )
  }</tbody>
`;
};

/** A region that scrolls sideways, also by keyboard. */
export const scrolling = (label: string, content: Child): Html =>
  markup`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${content}</div>
`;

/** The table, followed by its notes. */
export const htmlTable = (table: Table, style: TableStyle): Html =>
  markup`${
    scrolling(
      style.caption,
      markup`<table${attribute("id", style.id)}><caption${
        attribute("class", style.isHidden ? "hidden" : undefined)
      }><span>${style.caption}</span></caption>
<thead><tr>${
        table.columns.map(({ name, align }) =>
          markup`<th scope="col"${attribute("class", align === "right" ? "num" : undefined)}>${name}</th>`
        )
      }</tr></thead>${table.blocks.map((block) => bodyOf(table, block, style))}</table>
`,
    )
  }${
    table.notes.map((note) =>
      markup`<p class="note">${note}</p>
`
    )
  }`;
