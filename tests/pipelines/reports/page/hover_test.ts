/** The page's one script in a real browser, where there is one: pointing says the values that the page has without it, keys stay pressed. */
import assert from "node:assert/strict";
import { browser } from "../../../browser.ts";

/** What a reader does, and what the page says then, kept in the document for the test. */
const reader = `
const place = document.querySelector(".places_marks").firstElementChild;
const tip = document.querySelector(".tip");
const say = (name, value) => { document.body.dataset[name] = value; };
say("before", String(tip.hidden));
place.dispatchEvent(new PointerEvent("pointerenter", { clientX: 300, clientY: 300 }));
say("place", tip.querySelector("p").textContent);
say("rows", [...tip.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent).join(": ")).join("|"));
say("dots", String([...tip.querySelectorAll("i")].filter((dot) => dot.style.background.startsWith("var(--hue-")).length));
place.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
say("after", String(tip.hidden));
const isHit = (one) => {
  one.scrollIntoView({ block: "center" });
  const { x, y, width, height } = one.getBoundingClientRect();
  return document.elementFromPoint(x + width / 2, y + height / 2)?.closest(".places_marks") === one.parentElement;
};
say("missed", String([...document.querySelectorAll(".places_marks")].filter((all) => !isHit(all.firstElementChild)).length));
say("titles", String(document.querySelectorAll(".plot title").length));
const [first, second] = document.querySelector(".key").querySelectorAll("button");
const strokes = () => [...document.querySelector(".plot").querySelectorAll("[stroke^='var(--hue']")];
const faint = () => [...new Set(strokes().filter((line) => getComputedStyle(line).opacity === "0.12").map((line) => line.getAttribute("stroke")))];
first.click();
second.click();
say("pressed", [first, second].map((button) => button.getAttribute("aria-pressed")).join());
say("faint", String(faint().length));
say("clear", String(strokes().some((line) => line.getAttribute("stroke") === "var(--" + second.className + ")") && !faint().includes("var(--" + second.className + ")")));
second.click();
say("released", second.getAttribute("aria-pressed"));
`;

/** The document as the browser has it once its scripts have run. */
const rendered = async (file: string, folder: string): Promise<string> => {
  assert.ok(browser !== undefined);
  const { stdout, code } = await new Deno.Command(browser, {
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      `--user-data-dir=${folder}/profile`,
      "--virtual-time-budget=2000",
      "--dump-dom",
      `file://${file}`,
    ],
    stderr: "null",
  }).output();
  assert.equal(code, 0);
  return new TextDecoder().decode(stdout);
};

Deno.test({
  name:
    "pointing at a place of a figure says every series' value there, leaving hides it, a pressed key makes the others faint (needs a browser)",
  ignore: browser === undefined,
  fn: async () => {
    const page = await Deno.readTextFile("results/tiny/report.html");
    const folder = await Deno.makeTempDir();
    const file = `${folder}/page.html`;
    await Deno.writeTextFile(
      file,
      page.replace(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "").replace(
        "</body>",
        `<script>${reader}</script></body>`,
      ),
    );
    const dom = await rendered(file, folder);
    await Deno.writeTextFile(file, page);
    const untouched = await rendered(file, folder);
    await Deno.remove(folder, { recursive: true });
    // The page's policy lets its own script run.
    assert.ok(untouched.includes('<div class="tip"') && !page.includes('<div class="tip"'));
    const said = (name: string) => new RegExp(`<body[^>]* data-${name}="([^"]*)"`).exec(dom)?.[1];

    const title = /<title>([^<]*)<\/title>/.exec(page.slice(page.indexOf('<svg class="plot"')))?.[1] ?? "";
    const [place, ...lines] = title.split("&#xA;");
    assert.ok(lines.length > 3);
    assert.equal(said("before"), "true");
    assert.equal(said("place"), place);
    assert.deepEqual(said("rows")?.split("|"), lines);
    assert.equal(said("dots"), `${lines.length}`);
    assert.equal(said("after"), "true");
    // In every figure the place under the pointer is the one that answers.
    assert.equal(said("missed"), "0");
    assert.equal(said("titles"), "0");
    assert.equal(said("pressed"), "false,true");
    assert.equal(said("faint"), `${lines.length - 1}`);
    assert.equal(said("clear"), "true");
    assert.equal(said("released"), "false");
  },
});
