/** Congruences: `x \equiv 10 \pmod 7` equals `x \equiv 3 \pmod 7`, and equals `3 \pmod 7`, which names no variable. */
const form = /^(?:([^=]*?)\\equiv(?![a-zA-Z]))?\s*(-?\d{1,15})\s*\\pmod\s*\{(\d{1,15})\}$/;

/** Whether two congruences are the same; null if one of the texts is no congruence. */
export function sameCongruence(gold: string, answer: string): boolean | null {
  const [g, a] = [form.exec(gold), form.exec(answer)];
  if (g === null || a === null) return null;
  const [left, right] = [g[1]?.trim(), a[1]?.trim()];
  const modulus = Number(g[3]);
  if (left !== undefined && right !== undefined && left !== right) return false;
  return modulus > 0 && modulus === Number(a[3]) && (Number(g[2]) - Number(a[2])) % modulus === 0;
}
