import assert from "node:assert/strict";
import { goldForm } from "../../../data/grading/form.ts";

Deno.test("goldForm() names what a gold answer is read as", () => {
  for (
    const [form, ...golds] of [
      [
        "number",
        "5",
        "\\frac12",
        "3\\sqrt{2}",
        "\\$36",
        "5\\text{ cm}",
        "90^\\circ",
        "\\text{four}",
        "575\\text{ students}",
      ],
      ["expression", "x^2+1", "\\frac{x+2}{7}"],
      ["relation", "y = 2x+1", "2x+4y-3=0"],
      ["percent", "44\\%", "28 percent"],
      ["ratio", "2:3"],
      ["base-n", "2516_8"],
      ["plus-minus", "\\pm 2", "1 \\pm \\sqrt{2}", "x = 1 \\pm \\sqrt{2}"],
      ["list", "1, 2", "1331 and 1728"],
      ["set", "\\{1,2\\}", "\\emptyset", "\\{1\\}\\cup\\{2\\}"],
      ["tuple", "(1,2)", "(1,2,3)"],
      ["interval", "[0,1)", "(-\\infty,2)\\cup(3,\\infty)", "\\mathbb{R}\\setminus\\{3\\}"],
      ["matrix", "\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}"],
      ["choice", "\\text{(C)}", "B", "(A) Cecile"],
      ["text", "\\text{Saturday}", "Yes", "\\text{not enough data}"],
      ["empty", "", "$$"],
    ]
  ) for (const gold of golds) assert.equal(goldForm(gold), form, gold);
});
