/** Congruences: `x \equiv 10 \pmod 7` is `x \equiv 3 \pmod 7`, and so is `3 \pmod 7` where one side names nothing. */
const form = /^(?:([^=]*?)\\equiv(?![a-zA-Z]))?\s*(-?\d{1,15})\s*\\pmod\s*\{(\d{1,15})\}$/;

/** Whether two congruences are the same; null where one is none. */
export function sameCongruence(gold: string, answer: string): boolean | null {
  const [g, a] = [form.exec(gold), form.exec(answer)];
  if (g === null || a === null) return null;
  const [left, right] = [g[1]?.trim(), a[1]?.trim()];
  const modulus = Number(g[3]);
  if (left !== undefined && right !== undefined && left !== right) return false;
  return modulus > 0 && modulus === Number(a[3]) && (Number(g[2]) - Number(a[2])) % modulus === 0;
}
