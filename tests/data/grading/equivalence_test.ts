import assert from "node:assert/strict";
import { equivalent } from "../../../data/grading/equivalence.ts";

const check = (expected: boolean, pairs: ReadonlyArray<readonly [gold: string, answer: string]>) => {
  for (const [gold, answer] of pairs) assert.equal(equivalent(gold, answer), expected, `${gold} | ${answer}`);
};

Deno.test("numbers are equal in any spelling", () => {
  check(true, [
    ["\\frac{1}{2}", "0.5"],
    ["\\frac{1}{2}", "\\dfrac12"],
    ["1234567", "1,234,567"],
    ["1234567", "1\\,234\\,567"],
    ["12,\\!345", "12345"],
    ["-\\frac{3}{4}", "\\frac{-3}{4}"],
    ["\\$36", "36"],
    ["44\\%", "44"],
    ["44\\%", "0.44"],
    ["0.1", "10\\%"],
    ["\\frac{1}{12}", "0.0833333333333333"],
    ["2516_8", "2516_{\\text{eight}}"],
    ["\\text{four}", "4"],
    ["3/2", "1 1/2"],
    ["1\\frac12", "1 1/2"],
    ["28800", "2 \\times 120 \\times 120 = 28,800"],
  ]);
  check(false, [
    ["\\frac{1}{3}", "0.33"],
    ["11/2", "1 1/2"],
    ["1 1/2", "11/2"],
    ["10.92", "0.1092"],
    [".0000672", "0.0000671"],
    ["25", "25√2"],
    ["7", "-7"],
    ["\\frac{1}{2004!}", "\\frac{1}{2006!}"],
  ]);
});

Deno.test("units and counted things may stand behind a value, words that change it may not", () => {
  check(true, [
    ["575\\text{ students}", "575"],
    ["1152", "1152 cups of flour"],
    ["24", "24in"],
    ["6", "6\\text{ cm}^2"],
    ["100^\\circ", "100"],
    ["90", "90 degrees"],
    ["11", "11th"],
  ]);
  check(false, [["5", "5 million"], ["5", "5 or more"], ["3", "3 squared"], ["1", "1 half"], ["2", "2 x"]]);
});

Deno.test("lists and sets are equal in any order, whole, and nothing but lists", () => {
  check(true, [
    ["1331 and 1728", "1728, 1331"],
    ["\\{1,2,3\\}", "3, 2, 1"],
    ["3, -\\frac12", "x=-0.5 \\text{ or } x=3"],
    ["\\pm 2", "-2, 2"],
    ["1 \\pm \\sqrt{2}", "1 + \\sqrt{2}, 1 - \\sqrt{2}"],
    ["\\emptyset", "\\{\\}"],
  ]);
  check(false, [
    ["1331 and 1728", "1728"],
    ["2", "2, -1"],
    ["-1, 8", "-1, -5"],
    ["\\pm 2021", "2021"],
    ["36", "9, 18, 27, 36, \\ldots"],
    ["1, 1, 2", "1, 2, 2"],
  ]);
});

Deno.test("tuples keep their order and intervals their ends", () => {
  check(true, [
    ["(1,\\frac{9}{2})", "(1, 4.5)"],
    ["[0,\\infty)", "x \\ge 0"],
    ["m \\in [\\sqrt{2}, +\\infty)", "m \\geq \\sqrt{2}"],
    ["(-\\infty,-8)\\cup (8,\\infty)", "x < -8 \\text{ or } x > 8"],
    ["1 < x \\le 5", "(1, 5]"],
    ["\\begin{pmatrix} 1 \\\\ 4 \\end{pmatrix}", "(1, 4)"],
  ]);
  check(false, [
    ["(1,2)", "(2,1)"],
    ["[0,1)", "(0,1]"],
    ["(0,9)", "[0,9)"],
    ["x \\ge 0", "x > 0"],
    ["0", "> 0"],
    ["(0,1)", "(0,1,2)"],
  ]);
});

Deno.test("matrices are equal entry by entry", () => {
  check(true, [
    ["\\begin{pmatrix} 1/2 & 0 \\\\ 3 & 4 \\\\ \\end{pmatrix}", "\\begin{bmatrix} 0.5 & 0 \\\\ 3 & 4 \\end{bmatrix}"],
  ]);
  check(false, [
    ["\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{pmatrix} 1 & 3 \\\\ 2 & 4 \\end{pmatrix}"],
    ["\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\end{pmatrix}"],
  ]);
});

Deno.test("equations are equal up to a factor, and a named value is its value", () => {
  check(true, [
    ["34x+45y-20z+100=0", "-34x-45y+20z-100=0"],
    ["2x+4y-3=0", "y = -\\frac{1}{2}x + \\frac{3}{4}"],
    ["5", "x = 5"],
    ["y = 2x+1", "2x+1"],
    ["f(x) = x^2", "x^2"],
    ["b=4", "4"],
  ]);
  check(false, [["3*x-1*y+13=0", "3x + 4y + 14=0"], ["x = 5", "y = 6"], ["5", "x > 5"], ["x=5", "x \\ne 5"]]);
});

Deno.test("words are equal without case and articles; choices by their letter; yes and no by the first word", () => {
  check(true, [
    ["\\text{Saturday}", "saturday"],
    ["\\text{(C)}", "C"],
    ["C", "(C) 5\\pi/6"],
    ["C", "Option C)"],
    ["No.", "No, the equilibrium is not stable"],
  ]);
  check(false, [["\\text{Saturday}", "Sunday"], ["C", "(D)"], ["No.", "No answer provided."], ["Yes", "No"]]);
});

Deno.test("nothing equals an empty answer, and a relation of equivalence does not depend on what was compared before", () => {
  check(false, [["", ""], ["1", ""], ["", "1"], ["1", "$$"]]);
  const first = equivalent("x^2-1", "(x-1)(x+1)");
  for (let i = 0; i < 20; i++) assert.equal(equivalent("x^2-1", "(x-1)(x+1)"), first);
});

Deno.test("units of measure are compared where both answers have one, and converted", () => {
  check(true, [
    ["5\\text{ cm}", "5 cm"],
    ["5\\text{ cm}", "5"],
    ["5", "5 cm"],
    ["5\\text{ m}", "500\\text{ cm}"],
    ["5\\text{ m}", "5 m"],
    ["5\\text{ m}", "5m"],
    ["5\\text{ cm}^2", "5 square centimeters"],
    ["5\\text{ m}^2", "50000\\text{ cm}^2"],
    ["12 \\mathrm{m}/\\mathrm{s}", "12 m/s"],
    ["36 \\text{ km/h}", "10 \\text{ m/s}"],
    ["60 mph", "60 miles per hour"],
    ["\\$50", "50 dollars"],
    ["\\$0.50", "50 cents"],
    ["\\$1,234.50", "1234.5"],
    ["90^\\circ", "90 degrees"],
    ["90^\\circ", "90"],
    ["\\sin 30^\\circ", "\\cos 60^\\circ"],
    ["24\\text{ in}", "2 feet"],
    ["1 hour", "60 minutes"],
    ["\\frac{1}{2}\\text{ hour}", "30\\text{ min}"],
    ["5 apples", "5"],
    ["5\\text{ apples}", "5 pears"],
    ["3\\text{ square units}", "3"],
    ["64 square feet", "64"],
  ]);
  check(false, [
    ["5\\text{ cm}", "5\\text{ m}"],
    ["5 \\mathrm{m}", "5 \\mathrm{cm}"],
    ["5 cm", "5 m^2"],
    ["5\\text{ cm}^2", "5\\text{ cm}"],
    ["36 \\text{ km/h}", "36 \\text{ m/s}"],
    ["\\$50", "50 cents"],
    ["1 hour", "1 minute"],
  ]);
});

Deno.test("signs, raised digits and powers of ten are read in any spelling", () => {
  check(true, [
    ["x^{10}", "x¹⁰"],
    ["3.54e-07", "3.54*10^{-7}"],
    ["2E6", "2000000"],
    ["2e-3", "2e - 3"],
    ["\\langle 1,2 \\rangle", "(1,2)"],
    ["\\{1,\\{2,3\\}\\}", "\\{\\{3,2\\},1\\}"],
  ]);
});

Deno.test("inequalities are equal up to a factor and its sign, for the same variable", () => {
  check(true, [
    ["x \\le 1", "-x \\ge -1"],
    ["x > 3", "2x > 6"],
    ["x + y < 3", "3 - x > y"],
  ]);
  check(false, [
    ["x \\le 1", "-x \\le -1"],
    ["x > 3", "y > 3"],
    ["x > 3", "x \\ge 3"],
  ]);
});

Deno.test("semicolons part what commas part, and group it", () => {
  check(true, [
    ["p=5,q=2;p=7,q=2", "(5,2),(7,2)"],
    ["(1;2)", "(1,2)"],
    ["1;2;3", "3,2,1"],
    ["[2, -2, 1; 4, -4, 2]", "\\begin{pmatrix} 2 & -2 & 1 \\\\ 4 & -4 & 2 \\end{pmatrix}"],
  ]);
  check(false, [
    ["p=5,q=2;p=7,q=2", "(2,5),(7,2)"],
  ]);
});

Deno.test("what an inequality, a set builder or an exception describes is a union of intervals", () => {
  check(true, [
    ["x \\ne 3", "\\mathbb{R} \\setminus \\{3\\}"],
    ["(-\\infty,3)\\cup(3,\\infty)", "x \\neq 3"],
    ["(-\\infty,1)\\cup(1,2)\\cup(2,\\infty)", "\\mathbb{R} \\setminus \\{2,1\\}"],
    ["\\{x \\mid x > 3\\}", "(3,\\infty)"],
    ["\\{x \\in \\mathbb{R} : -1 < x < 2\\}", "(-1,2)"],
    ["(1,5)", "x > 1 \\text{ and } x < 5"],
    ["\\{1,2\\}\\cup\\{3\\}", "\\{1,2,3\\}"],
    ["\\{1,2,2\\}", "\\{1,2\\}"],
    ["(-\\infty,\\infty)", "\\text{all real numbers}"],
    ["\\emptyset", "\\text{no solution}"],
    ["2.74", "2,74"],
  ]);
  check(false, [
    ["x \\ne 3", "x = 3"],
    ["3", "x \\ne 3"],
    ["(1,5)", "x > 1 \\text{ or } x < 5"],
  ]);
});

Deno.test("decimal commas, plain braces and rounded last sides are read as they are meant", () => {
  check(true, [
    ["(1,3)", "{1,3}"],
    ["x=1/3", "x = 5+5+1=1/3 \\approx 11"],
    ["11", "x \\approx 11"],
  ]);
  check(false, [
    ["2.745", "2,745"],
    ["2,5", "2.5"],
    ["x \\ne y", "x = y"],
  ]);
});

Deno.test("sums, products, integrals and limits are equal where their parts are", () => {
  check(true, [
    ["F_n = \\sum_{k=0}^{n-1} F_k F_{n-k-1}", "F_n = \\sum_{k=0}^{n-1} F_{n-k-1} F_k"],
    ["55", "\\sum_{k=1}^{10} k"],
    ["120", "\\prod_{k=1}^{5} k"],
    ["\\sum_{k=1}^n k^2", "\\sum_{j=1}^{n} j^2"],
    ["\\int_0^1 2x\\,dx", "\\int_{0}^{1} x \\cdot 2 dx"],
    ["\\lim_{x\\to0} \\frac{\\sin x}{x}", "\\lim_{x \\to 0} \\frac{\\sin(x)}{x}"],
    ["f'(x)", "f'(x)"],
  ]);
  check(false, [
    ["F_n = \\sum_{k=0}^{n-1} F_k F_{n-k-1}", "F_n = \\sum_{k=0}^{n-2} F_k F_{n-k-2}"],
    ["54", "\\sum_{k=1}^{10} k"],
    ["\\sum_{k=1}^3 a_k", "\\sum_{k=2}^4 a_k"],
    ["\\sum_{k=1}^n k^2", "\\prod_{k=1}^{n} k^2"],
    ["\\int_0^1 x dx", "\\int_0^2 x dx"],
    ["f'(x)", "f(x)"],
  ]);
});

Deno.test("times, labels and powers without braces are read as they are meant", () => {
  check(true, [
    ["11z^17(11z^17+5)", "11z^{17}(5+11z^{17})"],
    ["20:34:00", "20:34"],
    ["C Cecile", "C"],
    ["(A) Cecile", "Cecile"],
    ["\\text{(C) } 12", "12"],
    ["1.22", "1,22"],
    ["\\Delta p\\approx -\\frac{\\hbar \\omega_{L}}{c}", "-\\frac{\\omega_{L} \\hbar}{c}"],
  ]);
  check(false, [
    ["(A) Cecile", "C"],
    ["\\text{(C) } 12", "13"],
  ]);
});

Deno.test("sums, products, multiples and transposes of matrices are calculated", () => {
  check(true, [
    [
      "\\begin{pmatrix}1 & 0 \\\\ 0 & 1\\end{pmatrix}",
      "\\begin{pmatrix}1 & 0 \\\\ 0 & 1\\end{pmatrix} \\begin{pmatrix}1 & 0 \\\\ 0 & 1\\end{pmatrix}",
    ],
    [
      "\\begin{pmatrix}3 & 4 \\\\ 5 & 6\\end{pmatrix}",
      "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix} + \\begin{pmatrix}2 & 2 \\\\ 2 & 2\\end{pmatrix}",
    ],
    ["\\begin{pmatrix}2 & 4 \\\\ 6 & 8\\end{pmatrix}", "2\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}"],
    [
      "\\begin{pmatrix}1/2 & 1 \\\\ 3/2 & 2\\end{pmatrix}",
      "\\frac{1}{2} \\begin{bmatrix}1 & 2 \\\\ 3 & 4\\end{bmatrix}",
    ],
    ["\\begin{pmatrix}1 & 3 \\\\ 2 & 4\\end{pmatrix}", "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}^T"],
    [
      "\\begin{pmatrix}7 & 10 \\\\ 15 & 22\\end{pmatrix}",
      "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}",
    ],
  ]);
  check(false, [
    [
      "\\begin{pmatrix}7 & 10 \\\\ 15 & 23\\end{pmatrix}",
      "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}",
    ],
    ["\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}", "\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}^T"],
    ["\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}", "x\\begin{pmatrix}1 & 2 \\\\ 3 & 4\\end{pmatrix}"],
  ]);
});

Deno.test("what people write in other ways is read as they mean it, and what only looks alike is not equal", () => {
  check(true, [
    ["\\frac{1}{2}", "\\frac 1 2"],
    ["\\frac{3}{4}", "75%"],
    ["1/3", "\\frac13"],
    ["\\sqrt[3]{5}", "5^{1/3}"],
    ["\\log_2 3", "\\frac{\\ln 3}{\\ln 2}"],
    ["{5 \\choose 2}", "10"],
    ["C_5^2", "C_5^2"],
    ["\\frac{\\pi}{2}", "\\pi/2"],
    ["2\\pi", "2 pi"],
    ["e^2", "\\mathrm{e}^2"],
    ["\\{x|x>3\\}", "x > 3"],
    ["(0,1)\\cup(1,2)", "(1,2)\\cup(0,1)"],
    ["x=1,y=2", "(1,2)"],
    ["(x,y)=(1,2)", "(1,2)"],
    ["(x,y)=(1,2)", "x=1, y=2"],
    ["\\left(\\frac{1}{2}, 3\\right)", "(0.5, 3)"],
    ["10\\%", "0.10"],
    ["5\\%", "5 percent"],
    ["\\$5", "5 dollars"],
    ["120^\\circ", "120"],
    ["1.5", "\\frac{3}{2}"],
    ["1\\frac{1}{2}", "1.5"],
    ["10^6", "1000000"],
    ["3 \\times 10^5", "300000"],
    ["x^2+2x+1", "(x+1)^2"],
    ["\\frac{x^2-1}{x-1}", "x+1"],
    ["\\frac{1}{x+1}+\\frac{1}{x-1}", "\\frac{2x}{x^2-1}"],
    ["\\sin^2 x + \\cos^2 x", "1"],
    ["\\tg x", "\\tan x"],
    ["\\operatorname{tg} x", "\\tan x"],
    ["\\operatorname{arctg} 2", "\\arctan 2"],
    ["\\text{True}", "true"],
    ["\\text{yes}", "Yes"],
    ["1, 2, 3", "\\{1, 2, 3\\}"],
    ["a+b", "b+a"],
    ["-3", "−3"],
    ["x \\in \\{1,2\\}", "1, 2"],
    ["x=1 \\text{ or } x=2", "x \\in \\{1, 2\\}"],
    ["[1,2)", "1 \\le x < 2"],
    ["(-\\infty, 3]", "x \\leq 3"],
    ["(-\\infty,-1)\\cup(1,\\infty)", "|x| > 1"],
    ["(-1,1)", "|x| < 1"],
    ["\\mathbb{R}", "(-\\infty, \\infty)"],
    ["6!", "720"],
    ["0.\\overline{3}", "1/3"],
    ["0.\\dot{3}", "\\frac13"],
    ["12", "12.0"],
    ["12", "12."],
    ["12", "+12"],
    ["i", "\\mathrm{i}"],
    ["3+4i", "4i+3"],
    ["\\frac{1+i}{2}", "0.5+0.5i"],
    ["f(x)=2x", "2x"],
    ["f(x)=2x", "y=2x"],
    ["y=2x", "f(x)=2x"],
    ["\\begin{cases} x=1 \\\\ y=2 \\end{cases}", "x=1, y=2"],
    ["\\begin{bmatrix}1\\\\2\\end{bmatrix}", "[1,2]"],
    ["2^{10}", "1024"],
    ["\\sqrt{12}", "2\\sqrt{3}"],
    ["\\sqrt{x^2y}", "x\\sqrt{y}"],
    ["7 \\text{ apples}", "7"],
    ["11:30", "11:30"],
    ["9{:}30", "9:30"],
    ["\\frac{4}{5}\\text{ or }0.8", "0.8"],
    ["\\dfrac{\\sqrt{2}}{2}", "\\frac{1}{\\sqrt{2}}"],
    ["n(n+1)/2", "\\frac{n^2+n}{2}"],
    ["3:2", "3/2"],
    ["H_2O", "\\text{H}_2\\text{O}"],
    ["CO_2", "\\mathrm{CO}_2"],
    ["\\text{Monday}", "Monday."],
    ["3x+4y=12", "y = 3 - \\frac{3x}{4}"],
    ["x^2+y^2=25", "\\frac{x^2}{25}+\\frac{y^2}{25}=1"],
    ["2x \\equiv 3 \\pmod 5", "2x \\equiv 3 \\pmod{5}"],
    ["4 \\text{ (mod } 7)", "4 \\pmod 7"],
    ["27 \\text{cm}^3", "27 cubic centimeters"],
    ["27", "27 cm^3"],
    ["15\\text{ mph}", "15 miles/hour"],
    ["3.0 \\times 10^8 \\text{ m/s}", "3 \\times 10^8"],
    ["\\text{(A)}", "A. 5"],
    ["A", "The answer is A"],
    ["1", "\\dfrac{2}{2}"],
    ["[-2, 3]", "-2 \\le x \\le 3"],
    ["\\pm\\frac{1}{2}", "\\frac12, -\\frac12"],
    ["x = \\pm 3", "\\{-3, 3\\}"],
    ["x = \\pm 3", "x=3 \\text{ or } x=-3"],
    ["2k\\pi", "2\\pi k"],
    ["k\\pi, k\\in\\mathbb{Z}", "k\\pi"],
    ["\\frac{\\pi}{4}+k\\pi, k \\in \\mathbb{Z}", "\\frac{\\pi}{4} + n\\pi, n \\in \\mathbb{Z}"],
    ["0.5x", "\\frac{x}{2}"],
    ["10,000", "10000"],
    ["10 000", "10000"],
    ["1{,}000{,}000", "10^6"],
    ["1.2\\overline{3}", "\\frac{37}{30}"],
    ["\\lfloor 3.7 \\rfloor", "3"],
    ["5 \\cdot 7", "35"],
    ["13_{10}", "13"],
    ["\\ln(e^2)", "2"],
    ["|x-1|", "|1-x|"],
    ["-\\frac{1}{2}", "\\frac{1}{-2}"],
    ["\\frac{-1}{2}", "-0.5"],
  ]);
  check(false, [
    ["x=5", "y=5"],
    ["5", "5 + x"],
    ["(1,2)", "\\{1,2\\}"],
    ["2", "\\{2,3\\}"],
    ["[1,2]", "(1,2)"],
    ["30", "30\\%x"],
    ["100", "10^3"],
    ["\\sqrt{2}", "1.414"],
    ["\\frac{22}{7}", "\\pi"],
    ["x \\ge 2", "x \\le 2"],
    ["1,2", "1,2,3"],
    ["\\text{Alice}", "\\text{Alicia}"],
    ["3 \\text{ m}", "3 \\text{ s}"],
    ["0", "\\emptyset"],
  ]);
});
