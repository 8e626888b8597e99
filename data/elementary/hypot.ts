/** The length of a vector: coordinates are divided by the largest, squared, and summed with Kahan's compensation. */

/** sqrt(x^2 + y^2); infinite if a coordinate is. */
export function hypot(x: number, y: number): number {
  const [a, b] = [Math.abs(x), Math.abs(y)];
  if (a === Infinity || b === Infinity) return Infinity;
  const most = Math.max(a, b);
  if (most === 0 || most !== most) return most;
  const first = (a / most) * (a / most);
  const second = (b / most) * (b / most);
  // The first sum is exact, so it needs no compensation.
  return Math.sqrt(first + second) * most;
}
