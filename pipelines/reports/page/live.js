// deno-lint-ignore-file signum/file-names -- the rule takes off the ending .ts alone, and this is what a browser runs
"use strict";
// Asks for the page again and again, and puts a new one in place of the old: no reload, and the reader stays where they are. The page's other
// script, which comes last, marks the figures that it finds, and is run again for new ones.
{
  const every = 1000;
  const lost = document.createElement("p");
  lost.className = "lost";
  lost.setAttribute("role", "status");
  document.body.prepend(lost);
  let pointer;
  document.addEventListener("pointermove", (event) => pointer = event);
  document.documentElement.addEventListener("pointerleave", () => pointer = undefined);
  const pointed = () => pointer && document.elementFromPoint(pointer.clientX, pointer.clientY);
  const parts = () => [...document.querySelectorAll("header, section.part")];
  const topOf = (part) => part.getBoundingClientRect().top;
  const turned = () => [...document.querySelectorAll("details, .scroll")];

  /** Shows a page; false if a part of it has to wait. */
  const update = (text) => {
    const fresh = new DOMParser().parseFromString(text, "text/html");
    // The part at the top of the window stays there, whatever happens above it.
    const anchor = parts().find((part) => part.getBoundingClientRect().bottom > 0);
    const top = anchor && topOf(anchor);
    const states = turned().map(({ open, scrollLeft }) => ({ open, scrollLeft }));
    const tip = document.querySelector(".tip");
    // Responses that somebody points at are being read.
    const read = pointer?.pointerType === "mouse" ? pointed()?.closest("#responses") : undefined;
    if (read) fresh.querySelector("#responses")?.replaceWith(read);
    for (const name of ["header", "main"]) document.querySelector(name).replaceWith(fresh.querySelector(name));
    if (turned().length === states.length) turned().forEach((one, i) => Object.assign(one, states[i]));
    const same = parts().find(({ id, localName }) => id === anchor?.id && localName === anchor?.localName);
    if (same !== undefined) scrollBy({ top: topOf(same) - top, behavior: "instant" });
    tip?.remove();
    const marks = document.scripts[document.scripts.length - 1];
    const again = document.createElement("script");
    again.textContent = marks.textContent;
    marks.replaceWith(again);
    if (tip?.hidden === false) pointed()?.dispatchEvent(new PointerEvent("pointerenter", pointer));
    return !read;
  };

  let tag = "";
  const show = (answer) => {
    if (answer.status === 304) return undefined;
    if (!answer.ok) return Promise.reject(answer.status);
    return answer.text().then((text) => tag = update(text) ? answer.headers.get("etag") ?? "" : "");
  };
  const ask = () =>
    fetch(location.pathname, { headers: { "if-none-match": tag } }).then(show)
      .then(() => "", () => "No answer: the watching command has ended. The page shows what was last read.")
      .then((said) => lost.textContent = said)
      .then(() => setTimeout(ask, every));
  ask();
}
