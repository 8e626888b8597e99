/** The page's one script in a real browser, where there is one: pointing says the values that the page has without it, keys stay pressed. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";

const browser = (Deno.env.get("PATH") ?? "").split(":")
  .flatMap((folder) => ["chromium", "chromium-browser", "google-chrome"].map((name) => `${folder}/${name}`))
  .find((path) => existsSync(path));

/** What a reader does, and what the page says then, kept in the document for the test. */
const reader = `
const plot = document.querySelector(".plot");
const point = plot.querySelector(".series .pt").getBoundingClientRect();
const tip = document.querySelector(".tip");
const say = (name, value) => { document.body.dataset[name] = value; };
const rows = () => [...tip.querySelectorAll("tr")].map((row) => [...row.children].map((cell) => cell.textContent).join("=")).sort().join("|");
say("before", String(tip.hidden));
const at = { clientX: point.x + point.width / 2, clientY: point.y + point.height / 2, bubbles: true };
plot.dispatchEvent(new PointerEvent("pointermove", at));
say("place", tip.querySelector("p").textContent);
say("rows", rows());
say("marked", String(plot.querySelectorAll(".pt.at").length));
plot.dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
say("after", String(tip.hidden));
const [first, second] = document.querySelector(".key").querySelectorAll("button");
first.click();
second.click();
say("pressed", [first, second].map((button) => button.getAttribute("aria-pressed")).join());
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
    "pointing at a place of a figure says every series' value there, leaving hides it, one key stays pressed (needs a browser)",
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

    const plot = page.slice(
      page.indexOf('<svg class="plot"'),
      page.indexOf("</svg>", page.indexOf('<svg class="plot"')),
    );
    const titles = [...plot.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text]) => text);
    const place = /, ([^,:]*): /.exec(titles[0])?.[1];
    const expected = titles.filter((title) => title.includes(`, ${place}: `)).map((title) =>
      title.replace(`, ${place}: `, "=")
    );
    assert.ok(expected.length > 3);
    assert.equal(said("before"), "true");
    assert.equal(said("place"), place);
    assert.deepEqual(said("rows")?.split("|"), expected.sort());
    assert.equal(said("marked"), `${expected.length}`);
    assert.equal(said("after"), "true");
    assert.equal(said("pressed"), "false,true");
    assert.equal(said("released"), "false");
  },
});
