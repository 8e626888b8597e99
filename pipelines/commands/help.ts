/** What `--help` and `--completions` print, made from the same values that the command line is read with. */
import { ownDefaults } from "../algorithms/algorithm_settings.ts";
import type { Command } from "../settings/command.ts";
import { commonFlags } from "./command_line.ts";
import { examples } from "./examples.ts";
import { headings } from "../settings/headings.ts";
import { flagOf, type Setting } from "../settings/setting.ts";

const valueText = (value: unknown): string =>
  Array.isArray(value) ? value.join(",") : typeof value === "number" ? numberText(value) : String(value);

const numberText = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : `${value}`;

/** Help stays within this many columns; a word that is longer stands alone. */
const columnsOfHelp = 120;

/** `text` in lines of at most `width` characters, broken between words, but not within a default of one word. */
const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const words = text.match(/\(default: [^ ]+\)|[^ ]+/g) ?? [];
  // A list of choices that is longer than a line is broken behind its bars.
  const broken = (word: string) => word.length <= width ? [word] : filled(word.split(/(?<=\|)/), "", width);
  return filled(words, " ", width, broken);
};

/** As many parts in a line as fit; `broken` makes lines of a part that begins one. */
const filled = (
  parts: ReadonlyArray<string>,
  between: string,
  width: number,
  broken = (part: string): ReadonlyArray<string> => [part],
): ReadonlyArray<string> => {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = `${lines.at(-1)}${between}${part}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(...broken(part));
  }
  return lines;
};

type Row = readonly [left: string, right: string];

const widthOf = (rows: ReadonlyArray<Row>): number => Math.max(0, ...rows.map(([left]) => left.length)) + 2;

const columns = (rows: ReadonlyArray<Row>, width = widthOf(rows)): string =>
  rows.flatMap(([left, right]) =>
    wrapped(right, columnsOfHelp - 2 - width).map((line, i) =>
      `  ${(i === 0 ? left : "").padEnd(width)}${line}`.trimEnd()
    )
  ).join("\n");

const flagRow = (command: Command, key: string, setting: Setting<unknown>): Row => {
  const { argument, choices, description, isOpen = false, hasOwnDefault = false, default: value } = setting;
  const text = hasOwnDefault ? description.replace(/ \(default:[^)]*\)/, "") : description;
  const end = command.required.includes(key) && value === undefined
    ? " (required)"
    : isOpen
    ? " (default: the records' own)"
    : value === undefined || value === false || text.includes("(default:")
    ? ""
    : ` (default: ${valueText(value)})`;
  const list = choices === undefined ? "" : ` [${choices.join("|")}]`;
  const names = Object.entries(command.aliases ?? {}).filter(([, meant]) => meant === key).map(([name]) => name);
  const alias = names.map((name) => `, --${name}`).join("");
  return [`--${flagOf(key)}${alias}${argument === undefined ? "" : ` ${argument}`}`, `${text}${list}${end}`];
};

const fileOf = (noun: string): string => `${noun.replace(/\B[A-Z]/g, (letter) => `_${letter}`).toLowerCase()}.ndjson`;

/** A command of so many settings, or fewer, shows them in one list, the rare ones too. */
const fewSettings = 12;

interface Section {
  readonly head: string;
  readonly rows: ReadonlyArray<Row>;
}

/** The settings of a command below their heads, without the `rare` ones, in the order of the command. */
const sectionsOf = (command: Command, rare: ReadonlyArray<string>): ReadonlyArray<Section> => {
  const settings = Object.entries(command.settings).filter(([key]) => !rare.includes(key));
  const rows = (some: typeof settings) => some.map(([key, setting]) => flagRow(command, key, setting));
  if (Object.keys(command.settings).length <= fewSettings) return [{ head: "Settings", rows: rows(settings) }];
  const known = headings.flatMap(({ keys }) => keys);
  return [
    ...headings.map(({ head, keys }) => ({ head, rows: rows(settings.filter(([key]) => keys.includes(key))) })),
    { head: "Other settings", rows: rows(settings.filter(([key]) => !known.includes(key))) },
  ];
};

/** The rare settings of a command that has many; what must be given is never rare. */
const rareOf = ({ settings, required }: Command): ReadonlyArray<string> => {
  const keys = Object.keys(settings);
  const rare = headings.flatMap((heading) => heading.rare).filter((key) => !required.includes(key));
  return keys.length <= fewSettings ? [] : keys.filter((key) => rare.includes(key));
};

/** The algorithms with defaults of their own, each with its flags. */
const defaultRows = (): ReadonlyArray<Row> =>
  ownDefaults().map(([name, defaults]) => [
    name,
    Object.entries(defaults).map(([key, value]) => `--${flagOf(key)} ${valueText(value)}`).join(", "),
  ]);

/** The help text of one command; `all` describes its rare settings too. */
export const helpOf = (command: Command, all = false): string => {
  const { positional, records } = command;
  const rare = all ? [] : rareOf(command);
  const word = positional === undefined
    ? ""
    : ` ${positional.optional ? "[" : ""}${positional.name}${positional.many ? "..." : ""}${
      positional.optional ? "]" : ""
    }`;
  const common = commonFlags.map((one) => {
    const value = "argument" in one ? ` ${one.argument}` : "word" in one ? ` [${one.word}]` : "";
    return [`--${one.flag}${value}`, one.description] as const;
  });
  const defaults = all && "algorithm" in command.settings ? defaultRows() : [];
  const sections = [
    ...sectionsOf(command, rare),
    { head: "Defaults of single algorithms", rows: defaults },
    { head: "Also", rows: common },
  ].filter(({ rows }) => rows.length > 0);
  const width = widthOf(sections.flatMap(({ rows }) => rows));
  const unsaid = `Rare settings, which --help all describes: ${rare.map((key) => `--${flagOf(key)}`).join(", ")}`;
  const reads = records?.reads === undefined ? "" : ` < ${fileOf(records.reads)}`;
  const writes = records === undefined ? "" : ` > ${fileOf(records.writes)}`;
  return [
    ...wrapped(`${command.name}: ${command.summary}`, columnsOfHelp),
    "",
    `Usage: deno task ${command.name}${word} [flags]${reads}${writes}`,
    ...(command.name in examples ? ["", `Example: ${examples[command.name]}`] : []),
    ...(records?.reads === undefined
      ? []
      : ["", ...wrapped(`Reads ${records.reads} records; each must have ${records.needs.join(", ")}.`, columnsOfHelp)]),
    ...(positional === undefined ? [] : ["", columns([[positional.name, positional.summary]])]),
    ...sections.flatMap(({ head, rows }) => ["", `${head}:`, columns(rows, width)]),
    ...(rare.length === 0 ? [] : ["", ...wrapped(unsaid, columnsOfHelp)]),
    "",
  ].join("\n");
};

/** The help text of `deno task cli`: every stage and every command with its sentence. */
export const overview = (stages: ReadonlyArray<Command>, commands: ReadonlyArray<Command>): string => {
  const rows = (list: ReadonlyArray<Command>) => columns(list.map(({ name, summary }) => [name, summary] as const));
  return [
    "Signum: reinforcement learning with verifiable rewards, stage by stage",
    "",
    "Usage: deno task <command> [flags]     (deno task <command> --help lists its flags)",
    "",
    `Example: ${examples.train}`,
    "",
    "Stages (records in, records out, one JSON object per line):",
    rows(stages),
    "",
    "Commands:",
    rows(commands),
    "",
  ].join("\n");
};

const flagsOf = (command: Command): ReadonlyArray<string> => [
  ...Object.keys(command.settings).map((key) => `--${flagOf(key)}`),
  ...Object.keys(command.aliases ?? {}).map((name) => `--${name}`),
  ...commonFlags.map(({ flag }) => `--${flag}`),
];

const bash = (commands: ReadonlyArray<Command>): string => {
  const settings = new Map(commands.flatMap((command) => Object.entries(command.settings)));
  const values = [...settings].flatMap(([key, { choices }]) => {
    return choices === undefined ? [] : [`      --${flagOf(key)}) words="${choices.join(" ")}" ;;`];
  });
  return `# Completions of "deno task <command>"; load with: source <(deno task <command> --completions bash)
_signum_before="$(complete -p deno 2>/dev/null | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')"
_signum() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words=""
  if [ "\${COMP_WORDS[1]}" = task ] && [ "$COMP_CWORD" -gt 2 ]; then
    case "$previous" in
${values.join("\n")}
      --completions) words="bash zsh fish" ;;
    esac
    if [ -z "$words" ]; then
      case "\${COMP_WORDS[2]}" in
${commands.map((command) => `        ${command.name}) words="${flagsOf(command).join(" ")}" ;;`).join("\n")}
      esac
      case "$current" in -*) ;; *) words="" ;; esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    [ "\${#COMPREPLY[@]}" -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
  elif [ "\${COMP_WORDS[1]}" = task ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")}" -- "$current"))
  elif [ -n "$_signum_before" ] && [ "$_signum_before" != _signum ]; then
    "$_signum_before" "$@"
  fi
}
complete -F _signum deno
`;
};

const fish = (commands: ReadonlyArray<Command>): string => {
  const quoted = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const when = `-n '__fish_seen_subcommand_from ${command.name}'`;
    return [
      `complete -c deno -n '__fish_seen_subcommand_from task' -a ${command.name} -d ${quoted(command.summary)}`,
      ...Object.entries(command.settings).map(([key, { choices, argument, description }]) => {
        const value = argument === undefined ? "" : choices === undefined ? " -r" : ` -x -a '${choices.join(" ")}'`;
        return `complete -c deno ${when} -l ${flagOf(key)}${value} -d ${quoted(description)}`;
      }),
      ...commonFlags.map(({ flag, description }) => `complete -c deno ${when} -l ${flag} -d ${quoted(description)}`),
    ];
  });
  return `${lines.join("\n")}\n`;
};

/** The shells that `completions` knows. */
export const shells = ["bash", "zsh", "fish"] as const;

/** A script that completes `deno task <command> --flag value` in a shell; undefined for a shell that is not known. */
export const completions = (shell: string, commands: ReadonlyArray<Command>): string | undefined =>
  shell === "bash"
    ? bash(commands)
    : shell === "zsh"
    ? `autoload -Uz bashcompinit && bashcompinit\n${bash(commands)}`
    : shell === "fish"
    ? fish(commands)
    : undefined;
