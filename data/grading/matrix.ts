/**
 * Matrices as rows of formula texts, and their arithmetic: `A + B`, `A - B`, `A B`, `3 A`, `\frac12 A` and `A^T` become one matrix whose
 * entries stay text. Sizes that do not fit, or more than eight rows or columns, have no value.
 */

export type Rows = ReadonlyArray<ReadonlyArray<string>>;

const whole = /^[(\[]?\s*\\begin\{([pbB]?matrix|array|smallmatrix)\}(?:\{[^{}]*\})?([\s\S]*?)\\end\{\1\}\s*[)\]]?$/;
const term =
  /\s*([+-]?)\s*(\d{1,9}(?:\.\d{1,9})?|\\frac\s?\{-?\d{1,9}\}\{\d{1,9}\}|\\frac\s?\d\d)?\s*(?:\\cdot|\\times|\*)?\s*\\begin\{([pbB]?matrix|array)\}(?:\{[^{}]*\})?([\s\S]*?)\\end\{\3\}\s*(\^\s?\{?\s?(?:T|\\top|\\mathsf\{T\})\s?\}?)?/y;

const most = 8, longestEntry = 400;

/** The rows of a normalised text that is a matrix or an expression of matrices, or null. */
export function matrixOf(text: string): Rows | null {
  const single = whole.exec(text);
  if (single !== null && !single[2].includes("\\begin")) return rowsOf(single[2]);
  return text.includes("\\begin") && text.length <= 2000 ? calculated(text) : null;
}

const determinantForm =
  /^(?:\\det\s*[({]?\s*\\begin\{[pbB]?matrix\}([\s\S]*?)\\end\{[pbB]?matrix\}\s*[)}]?|\\begin\{vmatrix\}([\s\S]*?)\\end\{vmatrix\}|\|\s?\\begin\{matrix\}([\s\S]*?)\\end\{matrix\}\s?\|)$/;

/** The determinant in a text, as formula text; null if there is none or it has more than four rows. */
export function determinantOf(text: string): string | null {
  const found = text.includes("\\begin") && text.length <= 2000 ? determinantForm.exec(text) : null;
  if (found === null) return null;
  const rows = rowsOf(found[1] ?? found[2] ?? found[3]);
  const square = rows.length > 0 && rows.length <= 4 && rows.every((row) => row.length === rows.length);
  return square && rows.flat().every((entry) => entry !== "" && entry.length <= 60) ? expanded(rows) : null;
}

/** The determinant by expansion along the first row. */
function expanded(rows: Rows): string {
  if (rows.length === 1) return rows[0][0];
  return rows[0].map((entry, column) => {
    const minor = rows.slice(1).map((row) => row.filter((_, at) => at !== column));
    return `${column % 2 === 0 ? "+" : "-"}(${entry})*(${expanded(minor)})`;
  }).join("");
}

function rowsOf(body: string): Rows {
  const rows = body.split(/\\\\|\\cr(?![a-zA-Z])/).map((row) => row.trim()).filter((row) => row !== "");
  return rows.map((row) => row.split("&").map((entry) => entry.trim()));
}

/** Evaluates terms from left to right; a term without a sign before it is a factor of the current product. */
function calculated(text: string): Rows | null {
  let sum: Rows | null = null;
  let product: Rows | null = null;
  let at = 0;
  while (at < text.length) {
    term.lastIndex = at;
    const found = term.exec(text);
    if (found === null) return null;
    const [, sign, scalar, , body, transposed] = found;
    const factor = `(${sign === "-" ? "-" : ""}${scalar ?? "1"})`;
    const plain = rowsOf(body).map((row) => row.map((entry) => factor === "(1)" ? entry : `${factor}*(${entry})`));
    if (plain.length === 0) return null;
    const here: Rows = transposed === undefined
      ? plain
      : plain[0].map((_, column) => plain.map((row) => row[column] ?? ""));
    if (product === null) product = here;
    else if (sign === "") product = multiplied(product, here);
    else {
      sum = sum === null ? product : added(sum, product);
      if (sum === null) return null;
      product = here;
    }
    if (product === null) return null;
    at = term.lastIndex;
  }
  return product === null || sum === null ? product : added(sum, product);
}

const fits = (rows: Rows) =>
  rows.length > 0 && rows.length <= most && rows[0].length <= most &&
  rows.every((row) => row.length === rows[0].length && row.every((entry) => entry.length <= longestEntry));

function added(a: Rows, b: Rows): Rows | null {
  if (!fits(a) || !fits(b) || a.length !== b.length || a[0].length !== b[0].length) return null;
  return a.map((row, i) => row.map((entry, j) => `(${entry})+(${b[i][j]})`));
}

function multiplied(a: Rows, b: Rows): Rows | null {
  if (!fits(a) || !fits(b) || a[0].length !== b.length) return null;
  return a.map((row) => b[0].map((_, j) => row.map((entry, k) => `(${entry})*(${b[k][j]})`).join("+")));
}
