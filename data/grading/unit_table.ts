/** Units of measure by name: SI with prefixes, common derived and customary units, and currencies, each with a dimension of its own. */

/** A unit: powers of dimensions, as in `mass length time^-2`, and its number of base units, as formula text. */
export interface Measure {
  readonly dimensions: ReadonlyArray<readonly [dimension: string, power: number]>;
  readonly factor: string;
}

type Row = readonly [names: string, dimensions: string, factor: string];

/** Symbols and names that take a prefix, in metres, seconds, grams, amperes, moles, bits. */
const prefixed: ReadonlyArray<Row> = [
  ["m meter metre", "length", "1"],
  ["g gram gramme", "mass", "1"],
  ["s second", "time", "1"],
  ["l L liter litre", "length^3", "0.001"],
  ["N newton", "mass length time^-2", "1000"],
  ["J joule", "mass length^2 time^-2", "1000"],
  ["W watt", "mass length^2 time^-3", "1000"],
  ["Pa pascal", "mass length^-1 time^-2", "1000"],
  ["Hz hertz", "time^-1", "1"],
  ["A amp ampere", "current", "1"],
  ["C coulomb", "current time", "1"],
  ["V volt", "mass length^2 time^-3 current^-1", "1000"],
  ["Ω ohm", "mass length^2 time^-3 current^-2", "1000"],
  ["F farad", "mass^-1 length^-2 time^4 current^2", "0.001"],
  ["T tesla", "mass time^-2 current^-1", "1000"],
  ["Wh watthour", "mass length^2 time^-2", "3600000"],
  ["mol mole", "amount", "1"],
  ["eV electronvolt", "mass length^2 time^-2", "0.0000000000000000001602176634*1000"],
  ["cal calorie", "mass length^2 time^-2", "4184"],
  ["B byte", "information", "8"],
  ["bit b", "information", "1"],
];

const plain: ReadonlyArray<Row> = [
  ["in inch inche", "length", "0.0254"],
  ["ft foot feet", "length", "0.3048"],
  ["yd yard", "length", "0.9144"],
  ["mi mile", "length", "1609.344"],
  ["nmi", "length", "1852"],
  ["lightyear", "length", "9460730472580800"],
  ["knot kn", "length time^-1", "(1852/3600)"],
  ["sec", "time", "1"],
  ["min minute", "time", "60"],
  ["h hr hour", "time", "3600"],
  ["day", "time", "86400"],
  ["week wk", "time", "604800"],
  ["fortnight", "time", "1209600"],
  ["month", "month", "1"],
  ["yr year", "month", "12"],
  ["decade", "month", "120"],
  ["century centurie", "month", "1200"],
  ["gm", "mass", "1"],
  ["oz ounce", "mass", "28.349523125"],
  ["lb pound", "mass", "453.59237"],
  ["stone", "mass", "6350.29318"],
  ["t tonne", "mass", "1000000"],
  ["ton", "mass", "907184.74"],
  ["cc", "length^3", "0.000001"],
  ["ha hectare", "length^2", "10000"],
  ["acre", "length^2", "4046.8564224"],
  ["cup", "length^3", "0.0002365882365"],
  ["pt pint", "length^3", "0.000473176473"],
  ["qt quart", "length^3", "0.000946352946"],
  ["gal gallon", "length^3", "0.003785411784"],
  ["tsp teaspoon", "length^3", "0.00000492892159375"],
  ["tbsp tablespoon", "length^3", "0.00001478676478125"],
  ["hp horsepower", "mass length^2 time^-3", "745700"],
  ["atm atmosphere", "mass length^-1 time^-2", "101325000"],
  ["bar", "mass length^-1 time^-2", "100000000"],
  ["deg degree", "angle", "1"],
  ["rad radian", "angle", "(180/\\pi)"],
  ["rev revolution", "angle", "360"],
  ["K kelvin", "kelvin", "1"],
  ["°C celsius", "celsius", "1"],
  ["°F fahrenheit", "fahrenheit", "1"],
  ["dollar USD usd buck", "dollar", "1"],
  ["cent penny pennie", "dollar", "0.01"],
  ["nickel", "dollar", "0.05"],
  ["dime", "dollar", "0.10"],
  ["euro EUR", "euro", "1"],
  ["sterling GBP quid", "sterling", "1"],
  ["yen JPY", "yen", "1"],
  ["yuan RMB CNY", "yuan", "1"],
  ["rupee INR", "rupee", "1"],
  ["peso", "peso", "1"],
  ["franc", "franc", "1"],
  ["ruble rouble", "ruble", "1"],
  ["krona krone kronor kroner", "krona", "1"],
];

const prefixes: ReadonlyArray<readonly [symbol: string, name: string, power: number]> = [
  ["da", "deca", 1],
  ["h", "hecto", 2],
  ["k", "kilo", 3],
  ["M", "mega", 6],
  ["G", "giga", 9],
  ["T", "tera", 12],
  ["d", "deci", -1],
  ["c", "centi", -2],
  ["m", "milli", -3],
  ["µ", "micro", -6],
  ["μ", "micro", -6],
  ["n", "nano", -9],
];

const measureOf = ([, dimensions, factor]: Row): Measure => ({
  dimensions: dimensions.split(" ").map((part) => {
    const [name, power = "1"] = part.split("^");
    return [name, Number(power)] as const;
  }),
  factor,
});

const index = (rows: ReadonlyArray<Row>): ReadonlyMap<string, Measure> =>
  new Map(rows.flatMap((row) => row[0].split(" ").map((name) => [name, measureOf(row)] as const)));

const bare = index([...prefixed, ...plain]), scaled = index(prefixed);

const everyday = /^(?:length|mass|length\^3)$/;
const mayBe = (row: Measure | undefined, power: number): Measure | undefined =>
  row === undefined || Math.abs(power) > 2 ||
    everyday.test(row.dimensions.map(([name, by]) => by === 1 ? name : `${name}^${by}`).join(" "))
    ? row
    : undefined;

/** A unit with a prefix, by symbol (`kW`) or by name (`kilowatt`). */
function withPrefix(word: string): Measure | undefined {
  for (const [symbol, name, power] of prefixes) {
    const [spelled, short] = [
      word.startsWith(name) ? word.slice(name.length) : "",
      word.startsWith(symbol) ? word.slice(symbol.length) : "",
    ];
    const found = (spelled.length > 2 ? scaled.get(spelled) : undefined) ??
      (short.length < 4 ? scaled.get(short) : undefined);
    const fitting = mayBe(found, power);
    if (fitting !== undefined) return { ...fitting, factor: `${fitting.factor}*10^{${power}}` };
  }
  return undefined;
}

const shortPlural = /^(?:hrs|mins|secs|yrs|lbs|yds|kms|cms|gals|wks|mols)$/;

/** The unit of a name, without a plural s or a full stop. Case is ignored for words but not for symbols. */
export function unitNamed(word: string): Measure | undefined {
  const text = word.replace(/\.$/, "");
  const lower = text.toLowerCase();
  const singular = lower.replace(/s$/, "");
  return bare.get(text) ?? withPrefix(text) ??
    (lower.length > 2
      ? bare.get(lower) ?? bare.get(singular) ??
        (lower.length > 5 ? withPrefix(lower) ?? withPrefix(singular) : undefined)
      : undefined) ??
    (shortPlural.test(lower) ? bare.get(singular) ?? withPrefix(singular) : undefined);
}
