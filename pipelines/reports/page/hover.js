// deno-lint-ignore-file signum/file-names -- the rule takes off the ending .ts alone, and this is what a browser runs
"use strict";
// Values of a whole place of a figure beside the pointer, and keys that stay pressed. Without this file a point with a symbol says its own
// value, and pointing at a key or a point makes the other series faint.
{
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);
  const svg = "http://www.w3.org/2000/svg";

  // "SERIES, PLACE: VALUE" in its parts; the browser's own box would stand over ours.
  const read = (element, series) => {
    const title = element.querySelector("title");
    const name = series.dataset.name;
    const [, place, value] = /^(.*?): (.*)$/s.exec(title.textContent.slice(name.length + 2));
    title.remove();
    element.setAttribute("aria-label", `${name}, ${place}: ${value}`);
    const { e, f } = element.transform.baseVal[0].matrix;
    return { element, series, name, place, value, x: e, y: f };
  };

  // "X Y PLACE: VALUE|…" of the points without a symbol, which get one that shows only while it is pointed at.
  const readUnmarked = (series) =>
    (series.dataset.points ?? "").split("|").filter((text) => text !== "").map((text) => {
      const [, x, y, place, value] = /^(\S+) (\S+) (.*?): (.*)$/s.exec(text);
      const element = document.createElementNS(svg, "g");
      const dot = document.createElementNS(svg, "circle");
      element.setAttribute("class", "pt dot");
      element.setAttribute("transform", `translate(${x} ${y})`);
      dot.setAttribute("r", "4");
      element.append(dot);
      series.append(element);
      return { element, series, name: series.dataset.name, place, value, x: Number(x), y: Number(y) };
    });

  const cellsOf = (point, nearest) => {
    const row = document.createElement("tr");
    const [name, value] = [document.createElement("th"), document.createElement("td")];
    row.className = `${point.series.classList[1]}${point === nearest ? " at" : ""}`;
    name.append(document.createElement("i"), point.name);
    value.textContent = point.value;
    row.append(name, value);
    return row;
  };

  const place = (event) => {
    const { offsetWidth: width, offsetHeight: height } = tip;
    const right = event.pageX + 16 + width < scrollX + document.documentElement.clientWidth;
    const left = Math.max(scrollX + 4, right ? event.pageX + 16 : event.pageX - 16 - width);
    const top = Math.max(scrollY + 4, Math.min(event.pageY - height / 2, scrollY + innerHeight - height - 4));
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
  };

  // The figure whose values are shown.
  let owner = null;

  const watch = (plot) => {
    const points = [...plot.querySelectorAll(".series")].flatMap((series) => [
      ...[...series.querySelectorAll(".pt")].map((element) => read(element, series)),
      ...readUnmarked(series),
    ]);
    const isColumns = plot.dataset.places === "columns";
    if (points.length === 0) return;
    const rule = document.createElementNS(svg, "path");
    rule.setAttribute("class", "rule");
    const axis = plot.querySelector(".axes");
    axis.append(rule);
    let marked = [];
    const clear = () => {
      for (const { element } of marked) element.classList.remove("at");
      marked = [];
      rule.removeAttribute("d");
      if (owner === plot) tip.hidden = true;
    };
    const show = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(plot.getScreenCTM().inverse());
      const distance = (one) => isColumns ? Math.abs(one.x - at.x) : Math.hypot(one.x - at.x, one.y - at.y);
      const column = points.reduce((best, one) => distance(one) < distance(best) ? one : best);
      const here = points.filter((one) => one.place === column.place).sort((a, b) => a.y - b.y);
      const nearest = isColumns
        ? here.reduce((best, one) => Math.abs(one.y - at.y) < Math.abs(best.y - at.y) ? one : best)
        : column;
      clear();
      owner = plot;
      marked = here;
      for (const { element } of here) element.classList.add("at");
      const box = plot.viewBox.baseVal;
      if (isColumns) rule.setAttribute("d", `M${column.x} 12V${box.height - 52}`);
      const title = document.createElement("p");
      title.textContent = column.place;
      const table = document.createElement("table");
      table.append(...here.map((one) => cellsOf(one, nearest)));
      tip.replaceChildren(title, table);
      tip.hidden = false;
      place(event);
    };
    plot.addEventListener("pointermove", show);
    plot.addEventListener("pointerdown", show);
    // A finger that is lifted leaves what it showed; the next one takes it away.
    plot.addEventListener("pointerleave", ({ pointerType }) => pointerType === "touch" || clear());
    document.addEventListener("pointerdown", ({ target }) => plot.contains(target) || clear());
  };
  document.querySelectorAll(".plot").forEach(watch);

  for (const key of document.querySelectorAll(".key")) {
    key.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      if (button === null) return;
      const pressed = button.getAttribute("aria-pressed") !== "true";
      for (const other of key.querySelectorAll("button")) {
        other.setAttribute("aria-pressed", String(other === button && pressed));
      }
    });
  }
}
