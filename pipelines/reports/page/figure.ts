/** A figure of a page: its key, its panels, its caption, and details below. Its plots are those of the files, drawn panel by panel. */
import { type Chart, panelSpec, sampleSpec } from "../figures/chart.ts";
import { pageSvg } from "../figures/render_chart.ts";
import { type Child, type Html, markup, raw } from "./html.ts";

/** A plot at its size, with its label for screen readers. */
export const picture = (spec: Parameters<typeof pageSvg>[0], name: string): Html => {
  const { width, height, content } = pageSvg(spec);
  return markup`<svg class="${name}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" aria-hidden="true">${
    raw(content)
  }</svg>`;
};

/** The key of some series. Each is a button, so that it can be highlighted without a mouse. */
const key = ({ series, lines }: Pick<Chart, "series" | "lines">): Html =>
  markup`<ul class="key">${
    series.map((one) =>
      markup`<li><button type="button" class="${one.style.color}" aria-pressed="false">${
        picture(sampleSpec(one, lines), "sample")
      }${one.name}</button></li>
`
    )
  }</ul>
`;

/** The figure of a chart; its panels have one scale. */
export const figure = (
  { id, chart, caption, more }: {
    readonly id: string;
    readonly chart: Pick<Chart, "series" | "panels" | "lines">;
    readonly caption: Child;
    readonly more?: Child;
  },
): Html => {
  const panels = chart.panels.map((panel) => ({ ...panel, ...pageSvg(panelSpec(panel)) }));
  const widest = Math.max(...panels.map(({ width }) => width));
  return markup`<figure class="figure" id="${id}">${
    chart.series.length > 1 ? key(chart) : undefined
  }<div class="panels">${
    panels.map(({ title, description, height, content }) =>
      markup`<div class="panel"><h4>${title}</h4>
<svg class="plot" viewBox="0 0 ${widest} ${height}" role="img" aria-label="${description}">${raw(content)}</svg></div>
`
    )
  }</div>
<figcaption>${caption}</figcaption>${more}</figure>
`;
};
