/** What `--help` and `--completions` print, made from the same values that the command line is read with. */
import type { Command } from "../settings/command.ts";
import { commonFlags } from "./command_line.ts";
import { examples } from "./examples.ts";
import { flagOf, type Setting } from "../settings/setting.ts";

const valueText = (value: unknown): string =>
  Array.isArray(value) ? value.join(",") : typeof value === "number" ? numberText(value) : String(value);

const numberText = (value: number): string =>
  value !== 0 && Math.abs(value) < 1e-3 ? value.toExponential() : `${value}`;

const columns = (rows: ReadonlyArray<readonly [string, string]>): string => {
  const width = Math.max(0, ...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`.trimEnd()).join("\n");
};

const flagRow = (command: Command, key: string, setting: Setting<unknown>): readonly [string, string] => {
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

/** The help text of one command. */
export const helpOf = (command: Command): string => {
  const { positional, records } = command;
  const settings = Object.entries(command.settings);
  const word = positional === undefined
    ? ""
    : ` ${positional.optional ? "[" : ""}${positional.name}${positional.many ? "..." : ""}${
      positional.optional ? "]" : ""
    }`;
  const common = commonFlags.map((one) => {
    const value = "argument" in one ? ` ${one.argument}` : "";
    return [`--${one.flag}${value}`, one.description] as const;
  });
  const reads = records?.reads === undefined ? "" : ` < ${fileOf(records.reads)}`;
  const writes = records === undefined ? "" : ` > ${fileOf(records.writes)}`;
  return [
    `${command.name}: ${command.summary}`,
    "",
    `Usage: deno task ${command.name}${word} [flags]${reads}${writes}`,
    ...(command.name in examples ? ["", `Example: ${examples[command.name]}`] : []),
    ...(records?.reads === undefined
      ? []
      : ["", `Reads ${records.reads} records; each must have ${records.needs.join(", ")}.`]),
    ...(positional === undefined ? [] : ["", columns([[positional.name, positional.summary]])]),
    ...(settings.length === 0
      ? []
      : ["", "Settings:", columns(settings.map(([key, setting]) => flagRow(command, key, setting)))]),
    "",
    "Also:",
    columns(common),
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
