// deno-lint-ignore-file signum/file-names -- the rule takes off the ending .ts alone, and this is what a browser runs
"use strict";
// Asks for the page again and again, and puts what is new in place of what has changed: no reload, and the reader stays where they are. It runs
// before the page's other script, which marks the figures that it finds; that one is run again for new figures.
{
  const every = 1000;
  const parts = (of) => [...of.querySelectorAll("header, section.part")];
  const nameOf = (part) => part.id || part.localName;
  const shown = new Map(parts(document).map((part) => [nameOf(part), part.outerHTML]));
  const lost = document.createElement("p");
  lost.className = "lost";
  lost.setAttribute("role", "status");
  document.body.prepend(lost);
  let pointer;
  document.addEventListener("pointermove", (event) => pointer = event);

  // The part at the top of the window, which stays there whatever happens above it.
  const isSeen = (part) => part.getBoundingClientRect().bottom > 0;
  const place = (part, fresh, source) => {
    const opened = [...part.querySelectorAll("details")].map(({ open }) => open);
    for (const [i, one] of [...fresh.querySelectorAll("details")].entries()) one.open = opened[i] ?? one.open;
    shown.set(nameOf(fresh), source);
    part.replaceWith(fresh);
  };

  /** Shows a page; false if a part of it has to wait. */
  const update = (text) => {
    const next = parts(new DOMParser().parseFromString(text, "text/html")).map((part) => [part, part.outerHTML]);
    if (next.every(([part, source]) => shown.get(nameOf(part)) === source) && next.length === shown.size) return true;
    const anchor = parts(document).find(isSeen);
    const top = anchor?.getBoundingClientRect().top;
    const tip = document.querySelector(".tip");
    // Responses that somebody points at are being read.
    const isRead = (part) => part.id === "responses" && matchMedia("(hover: hover)").matches && part.matches(":hover");
    let waits = false;
    let last = document.querySelector("header");
    const before = new Map(parts(document).map((part) => [nameOf(part), part]));
    for (const [fresh, source] of next) {
      const old = before.get(nameOf(fresh));
      before.delete(nameOf(fresh));
      const hasChanged = shown.get(nameOf(fresh)) !== source;
      // All figures are marked anew, for the old marks belong to the old box of words.
      if (old === undefined) {
        shown.set(nameOf(fresh), source);
        if (last.localName === "header") document.querySelector("main").prepend(fresh);
        else last.after(fresh);
      } else if (hasChanged && isRead(old)) waits = true;
      else if (hasChanged || fresh.querySelector(".plot") !== null) place(old, fresh, source);
      last = document.getElementById(fresh.id) ?? document.querySelector("header");
    }
    for (const [name, gone] of before) {
      gone.remove();
      shown.delete(name);
    }
    const now = anchor?.isConnected ? anchor : parts(document).find((part) => nameOf(part) === nameOf(anchor));
    if (now !== undefined) scrollBy({ top: now.getBoundingClientRect().top - top, behavior: "instant" });
    const isPointing = tip?.hidden === false;
    tip?.remove();
    const marks = document.scripts[document.scripts.length - 1];
    const again = document.createElement("script");
    again.textContent = marks.textContent;
    marks.replaceWith(again);
    if (isPointing && pointer !== undefined) {
      const { clientX, clientY } = pointer;
      document.elementFromPoint(clientX, clientY)?.dispatchEvent(
        new PointerEvent("pointerenter", { clientX, clientY }),
      );
    }
    return !waits;
  };

  let tag = "";
  const ask = () =>
    fetch(location.pathname, { headers: { "if-none-match": tag } })
      .then((answer) => {
        if (!answer.ok && answer.status !== 304) return Promise.reject(answer.status);
        return answer.ok
          ? answer.text().then((text) => tag = update(text) ? answer.headers.get("etag") ?? "" : "")
          : undefined;
      })
      .then(() => lost.textContent = "", () =>
        lost.textContent = "No answer from `deno task watch`: the page shows what was last read.")
      .then(() =>
        setTimeout(ask, every)
      );
  setTimeout(ask, every);
}
