/** Which settings tell runs or evaluations apart, as a table, and what each is called because of them. */
import { defaults, flagOf, keysOf, settingKeys } from "../../settings/settings.ts";
import * as Groups from "../../settings/groups.ts";
import { isObject } from "../../files/json.ts";
import { type Cell, empty, type Table, textCell } from "../tables/table.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What is recorded and changes no result. */
const silent: ReadonlyArray<string> = [
  ...keysOf(Groups.memory),
  ...keysOf(Groups.keeping),
  "command",
  "out",
  "recipe",
];

const flattened = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) =>
      isObject(value)
        ? Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, one] as const)
        : [[name, value] as const]
    ),
  );

const isDigest = (value: unknown): boolean => typeof value === "string" && /^[0-9a-f]{64}$/.test(value);

/** A setting with what each of those that are compared has there. */
export interface Differing {
  readonly name: string;
  readonly values: ReadonlyArray<unknown>;
}

/** The settings that differ, those of the command line first, in the order of their table. */
export const differingSettings = (configs: ReadonlyArray<Fields>): ReadonlyArray<Differing> => {
  const flat = configs.map(flattened);
  const recorded = new Set(flat.flatMap((fields) => Object.keys(fields)));
  const known: ReadonlyArray<string> = settingKeys;
  const names = [
    ...known.filter((name) => recorded.has(name)),
    ...[...recorded].filter((name) => !known.includes(name)),
  ];
  return names.filter((name) => !silent.includes(name)).flatMap((name) => {
    const values = flat.map((fields) => fields[name]);
    return new Set(values.map((value) => JSON.stringify(value))).size > 1 ? [{ name, values }] : [];
  });
};

const nameOf = (name: string): string => name in defaults ? flagOf(name) : name;

const valueText = (value: unknown): string =>
  isDigest(value) ? String(value).slice(0, 12) : Array.isArray(value) ? value.join(", ") : String(value);

const cellOf = (value: unknown): Cell => value === undefined || value === null ? empty : textCell(valueText(value));

/** The settings that differ, a row a setting and a column for each that is compared. */
export const differingTable = (differing: ReadonlyArray<Differing>, labels: ReadonlyArray<string>): Table => ({
  title: "Settings that differ",
  notes: differing.length === 0 ? ["No setting differs."] : [],
  columns: ["Setting", ...labels].map((name) => ({ name, align: "left" })),
  blocks: [{ rows: differing.map(({ name, values }) => [textCell(nameOf(name)), ...values.map(cellOf)]) }],
});

/** What paths have each for itself: without the folders that all begin and end with. */
const ownParts = (paths: ReadonlyArray<string>): ReadonlyArray<string> => {
  const parts = paths.map((path) => path.split("/").filter((part) => part !== ""));
  const shortest = Math.min(...parts.map(({ length }) => length));
  const alike = (at: (list: ReadonlyArray<string>, i: number) => string | undefined) => {
    let count = 0;
    while (count < shortest - 1 && parts.every((list) => at(list, count) === at(parts[0], count))) count++;
    return count;
  };
  const end = alike((list, i) => list[list.length - 1 - i]);
  const begin = alike((list, i) => list[i]);
  return parts.map((list, i) => list.slice(begin, Math.max(begin + 1, list.length - end)).join("/") || paths[i]);
};

/** Settings that a label says at most. */
const mostNamed = 3;

/** Settings whose value says by itself what it is. */
const plainNames = ["algorithm", "model", "servedModel"];

const partsOf = ({ name, values }: Differing): ReadonlyArray<string> => {
  const arePaths = values.every((value) => typeof value === "string" && value.includes("/"));
  const texts = arePaths ? ownParts(values.map(String)) : values.map((value) => valueText(value ?? "none"));
  return plainNames.includes(name) ? texts : texts.map((text) => `${nameOf(name).replaceAll("-", " ")} ${text}`);
};

const areApart = (labels: ReadonlyArray<string>): boolean => new Set(labels).size === labels.length;

/** A name for each folder by the settings that differ; by their folders where those do not tell them apart. */
export const labelsOf = (
  differing: ReadonlyArray<Differing>,
  folders: ReadonlyArray<string>,
): ReadonlyArray<string> => {
  const telling = differing.filter(({ name, values }) => name in defaults && !values.some(isDigest)).slice(
    0,
    mostNamed,
  );
  const parts = telling.map(partsOf);
  const labels = folders.map((_, i) => parts.map((some) => some[i]).join(", "));
  if (parts.length > 0 && areApart(labels)) return labels;
  const names = ownParts(folders);
  return areApart(names) ? names : folders.map((folder, i) => `${folder} (${i + 1})`);
};
