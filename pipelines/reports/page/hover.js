// deno-lint-ignore-file signum/file-names -- the rule takes off the ending .ts alone, and this is what a browser runs
"use strict";
// What a place of a figure says, beside the pointer and with the colours of the key, and keys that stay pressed. Without this file a browser shows
// the same words as they are, and pointing at a key makes the other series faint.
{
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("aria-hidden", "true");
  document.body.append(tip);

  const element = (tag, ...children) => {
    const made = document.createElement(tag);
    made.append(...children);
    return made;
  };

  // "PLACE", then "NAME: VALUE" a line.
  const contentOf = (words, colors) => {
    const [place, ...lines] = words.split("\n");
    const rows = lines.map((line) => {
      const [, name, value] = /^(.*?): (.*)$/s.exec(line) ?? ["", line, ""];
      const dot = element("i");
      dot.hidden = !colors.has(name);
      dot.style.background = `var(--${colors.get(name)})`;
      return element("tr", element("th", dot, name), element("td", value));
    });
    return [element("p", place), element("table", ...rows)];
  };

  const move = (event) => {
    const { offsetWidth: width, offsetHeight: height } = tip;
    const right = event.pageX + 16 + width < scrollX + document.documentElement.clientWidth;
    const left = Math.max(scrollX + 4, right ? event.pageX + 16 : event.pageX - 16 - width);
    const top = Math.max(scrollY + 4, Math.min(event.pageY - height / 2, scrollY + innerHeight - height - 4));
    tip.style.left = `${left}px`;
    tip.style.top = `${top}px`;
  };

  for (const title of document.querySelectorAll(".plot title")) {
    const place = title.parentElement;
    const words = title.textContent;
    const keys = [...place.closest(".figure").querySelectorAll(".key button")];
    const colors = new Map(keys.map((key) => [key.textContent, key.className]));
    // The browser's own box would stand over ours.
    title.remove();
    const show = (event) => {
      tip.replaceChildren(...contentOf(words, colors));
      tip.hidden = false;
      move(event);
    };
    place.addEventListener("pointerenter", show);
    place.addEventListener("pointermove", move);
    // A finger that is lifted leaves what it showed; the next one takes it away.
    place.addEventListener("pointerleave", ({ pointerType }) => tip.hidden = pointerType !== "touch");
  }
  document.addEventListener("pointerdown", ({ target }) => tip.hidden ||= target.closest(".places_marks") === null);

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
