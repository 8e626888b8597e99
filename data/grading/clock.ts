/** Times of day and dates: `8:34 p.m.` is `20:34`, `8 p.m.` is `20:00`, noon is `12:00 p.m.`, and `4 July` is `July 4`. */

const form =
  /^(\d{1,2})(?::([0-5]\d)(?::([0-5]\d))?)?\s?(?:\\(?:text|mbox|mathrm)\s?\{)?\s{0,4}(?:([ap])\.?\s?m\b\.?|(noon|midnight))?\s{0,4}\}?$/i;

/** A time in seconds after midnight; `known` tells whether a.m. or p.m. is known. */
interface Time {
  readonly seconds: number;
  readonly known: boolean;
}

function timeOf(text: string): Time | null {
  const bare = text.replace(/^\\text\s?\{([^{}]*)\}$/, "$1").trim();
  if (/^(?:12 )?noon$/i.test(bare)) return { seconds: 43200, known: true };
  if (/^(?:12 )?midnight$/i.test(bare)) return { seconds: 0, known: true };
  const [, hours, minutes, seconds, half, word] = form.exec(bare) ?? [];
  if (hours === undefined || Number(hours) > 24 || (minutes === undefined && half === undefined)) return null;
  if (word !== undefined && Number(hours) !== 12) return null;
  const after = half?.toLowerCase() === "p" || word?.toLowerCase() === "noon";
  const marked = half !== undefined || word !== undefined;
  if (marked && (Number(hours) > 12 || Number(hours) === 0)) return null;
  const hour = marked ? Number(hours) % 12 + (after ? 12 : 0) : Number(hours) % 24;
  const known = marked || Number(hours) > 12 || hours.startsWith("0");
  return { seconds: 3600 * hour + 60 * Number(minutes ?? 0) + Number(seconds ?? 0), known };
}

const halfDay = 43200;

/** Whether two texts are the same time; null if one is no time, or if neither tells a.m. from p.m. */
export function sameTime(gold: string, answer: string): boolean | null {
  const [g, a] = [timeOf(gold), timeOf(answer)];
  if (g === null || a === null || (!g.known && !a.known)) return null;
  return g.known && a.known ? g.seconds === a.seconds : g.seconds % halfDay === a.seconds % halfDay;
}

const months = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");
const month =
  "(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\\.?";
const day = "(\\d{1,2})(?:st|nd|rd|th)?";
const weekday = "(?:((?:mon|tues|wednes|thurs|fri|satur|sun)day),? )?";
const year = "(?:,? (\\d{4}))?";
const dateForms: ReadonlyArray<readonly [form: RegExp, order: readonly [month: number, day: number]]> = [
  [new RegExp(`^${weekday}${month} ${day}${year}$`, "i"), [2, 3]],
  [new RegExp(`^${weekday}(?:the )?${day} (?:of )?${month}${year}$`, "i"), [3, 2]],
];

/** A date as weekday, year, month and day, or null. */
function dateOf(text: string): string | null {
  const bare = text.replace(/\\text\s?\{([^{}]*)\}/g, "$1").replace(/\s+/g, " ").trim();
  const [, isoYear, isoMonth, isoDay] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(bare) ?? [];
  if (isoYear !== undefined) return `|${isoYear}|${Number(isoMonth)}|${Number(isoDay)}`;
  for (const [pattern, [monthAt, dayAt]] of dateForms) {
    const found = pattern.exec(bare);
    if (found === null) continue;
    const number = months.indexOf(found[monthAt].slice(0, 3).toLowerCase()) + 1;
    return `${(found[1] ?? "").toLowerCase()}|${found[4] ?? ""}|${number}|${Number(found[dayAt])}`;
  }
  return null;
}

/** Whether two texts are the same date; null if one is no date. */
export function sameDate(gold: string, answer: string): boolean | null {
  const [g, a] = [dateOf(gold), dateOf(answer)];
  return g === null || a === null ? null : g === a;
}
