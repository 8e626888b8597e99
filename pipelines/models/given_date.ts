/** The date for chat templates, given by `--date`; a prompt never depends on the clock. */

const months = "January February March April May June July August September October November December".split(" ");
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** `strftime_now` for midnight of a day, in English; it throws on an unsupported code. Undefined if the text is no date YYYY-MM-DD. */
export const strftimeOf = (date: string): ((format: string) => string) | undefined => {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  if (parts === null) return undefined;
  const [year, month, day] = parts.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day);
  const there = new Date(time);
  if (there.getUTCMonth() !== month - 1 || there.getUTCDate() !== day) return undefined;
  const pad = (value: number, width = 2) => String(value).padStart(width, "0");
  const dayOfYear = (time - Date.UTC(year, 0, 1)) / 86_400_000 + 1;
  const fields: Readonly<Record<string, string>> = {
    Y: pad(year, 4),
    y: pad(year % 100),
    m: pad(month),
    d: pad(day),
    "-m": String(month),
    "-d": String(day),
    B: months[month - 1],
    b: months[month - 1].slice(0, 3),
    A: days[there.getUTCDay()],
    a: days[there.getUTCDay()].slice(0, 3),
    j: pad(dayOfYear, 3),
    H: "00",
    I: "12",
    M: "00",
    S: "00",
    p: "AM",
    "%": "%",
  };
  return (format) =>
    format.replaceAll(/%(-?.?)/gsu, (whole, name) => {
      if (!Object.hasOwn(fields, name)) throw new Error(`strftime_now has no "${whole}"`);
      return fields[name];
    });
};
