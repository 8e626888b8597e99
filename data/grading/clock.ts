/** Times of day: `8:34 p.m.` is `20:34`, and `20:34:00` is `20:34`. */

const form =
  /^(\d{1,2}):([0-5]\d)(?::00)?\s?(?:\\(?:text|mbox|mathrm)\s?\{)?\s{0,4}(?:([ap])\.?\s?m\b\.?)?\s{0,4}\}?$/i;

/** A time in minutes after midnight; `half` is whether the twelve hours are known. */
interface Time {
  readonly minutes: number;
  readonly known: boolean;
}

function timeOf(text: string): Time | null {
  const [, hours, minutes, half] = form.exec(text) ?? [];
  if (hours === undefined || Number(hours) > 24) return null;
  const known = half !== undefined || Number(hours) > 12 || hours.startsWith("0");
  const hour = half === undefined ? Number(hours) : Number(hours) % 12 + (half.toLowerCase() === "p" ? 12 : 0);
  return { minutes: 60 * hour + Number(minutes), known };
}

/** Whether two texts are the same time; null where one is no time, or where neither says which half of the day. */
export function sameTime(gold: string, answer: string): boolean | null {
  const [g, a] = [timeOf(gold), timeOf(answer)];
  if (g === null || a === null || (!g.known && !a.known)) return null;
  return g.known && a.known ? g.minutes === a.minutes : g.minutes % 720 === a.minutes % 720;
}
