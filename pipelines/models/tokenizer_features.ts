/**
 * Checks that a `tokenizer.json` uses only parts that the tokenizer library handles like the native one (tokenizers 0.23). A part is kept,
 * rewritten to an equivalent that the library handles correctly (Unicode digits and white space, inverted patterns), or refused by name,
 * because wrong tokens give a model with small errors. Qwen's, Llama's and SmolLM's tokenizers are kept.
 */
import { isObject, type Json } from "../files/json.ts";

/** An unsupported part: its place in the file and its value. */
export interface FeatureFault {
  readonly field: string;
  readonly value: string;
}

/** The file with rewritten parts, or the first unsupported part. */
export type Features =
  | { readonly ok: true; readonly json: Json }
  | { readonly ok: false; readonly fault: FeatureFault };

/** Checks the parts of a tokenizer and rewrites those that the library handles incorrectly. */
export const checkFeatures = (json: Json): Features => {
  const faults: Array<FeatureFault> = [];
  const refuse = (field: string, value: unknown) =>
    void faults.push({ field, value: JSON.stringify(value) ?? "missing" });
  checkModel(json.model, refuse);
  checkVocabulary(json, refuse);
  if (json.normalizer !== null) checkKinds("normalizer", json.normalizer, normalizers, "normalizers", refuse);
  if (json.decoder !== null) checkKinds("decoder", json.decoder, decoders, "decoders", refuse);
  const preTokenizer = json.pre_tokenizer === null ? null : rewrite("pre_tokenizer", json.pre_tokenizer, refuse);
  const [fault] = faults;
  if (fault !== undefined) return { ok: false, fault };
  return { ok: true, json: { ...json, pre_tokenizer: preTokenizer, post_processor: null } };
};

type Refuse = (field: string, value: unknown) => void;

/** Nothing is added to a text here, so post-processors are ignored. */
const normalizers = ["NFC", "NFD", "NFKC", "NFKD", "Prepend", "Replace", "Sequence"];
const decoders = ["ByteLevel", "ByteFallback", "Fuse", "Metaspace", "Replace", "Sequence", "Strip"];

const checkKinds = (field: string, part: unknown, kinds: ReadonlyArray<string>, list: string, refuse: Refuse): void => {
  const { type, [list]: parts } = isObject(part) ? part : {};
  if (typeof type !== "string" || !kinds.includes(type)) return refuse(`${field}.type`, type ?? part);
  checkFields(field, part, refuse);
  if (type !== "Sequence") return;
  if (!Array.isArray(parts)) return refuse(`${field}.${list}`, parts);
  parts.forEach((one, i) => checkKinds(`${field}.${list}[${i}]`, one, kinds, list, refuse));
};

const checkModel = (model: unknown, refuse: Refuse): void => {
  if (!isObject(model)) return refuse("model", model);
  const { type = "BPE", vocab } = model;
  checkFields("model", { ...model, type: "BPE" }, refuse);
  if (type !== "BPE" && type !== "WordLevel") return refuse("model.type", type);
  if (!isObject(vocab)) return refuse("model.vocab", vocab);
  const isOff = (value: unknown) =>
    value === undefined || value === null || value === false || value === "" || value === 0;
  for (const name of ["dropout", "continuing_subword_prefix", "end_of_word_suffix"]) {
    if (!isOff(model[name])) refuse(`model.${name}`, model[name]);
  }
  if (type === "BPE" && !(Array.isArray(model.merges) && model.merges.every(isMerge))) {
    refuse("model.merges", Array.isArray(model.merges) ? model.merges.find((one) => !isMerge(one)) : model.merges);
  }
};

const isMerge = (merge: unknown): boolean => {
  if (Array.isArray(merge)) return merge.length === 2 && merge.every((part) => typeof part === "string");
  if (typeof merge !== "string") return false;
  const space = merge.indexOf(" ");
  return space >= 0 && !merge.includes(" ", space + 1);
};

/** Checks that ids are integers below 2^31, one per token, with at least one token, and that added tokens match anywhere in a text. */
const checkVocabulary = ({ model, added_tokens: added }: Json, refuse: Refuse): void => {
  const vocab = isObject(model) && isObject(model.vocab) ? model.vocab : {};
  if (!Array.isArray(added)) return refuse("added_tokens", added);
  const tokenOf = new Map<unknown, string>();
  const take = (field: () => string, token: string, id: unknown): void => {
    if (!Number.isInteger(id) || Number(id) < 0 || Number(id) >= mostIds) return refuse(field(), id);
    const other = tokenOf.get(id);
    if (other !== undefined && other !== token) refuse(field(), `${id}, the id of "${other}"`);
    tokenOf.set(id, token);
  };
  for (const [token, id] of Object.entries(vocab)) take(() => `model.vocab["${token}"]`, token, id);
  // The native library ignores the ids of added tokens: one in the model keeps the model's id, the others follow in order.
  let last = -1;
  const size = Object.keys(vocab).length;
  added.forEach((token, i) => {
    const field = `added_tokens[${i}]`;
    if (!isObject(token) || typeof token.content !== "string" || token.content === "") return refuse(field, token);
    take(() => `${field}.id`, token.content, token.id);
    checkFields(field, { ...token, type: "AddedToken" }, refuse);
    const native = Object.hasOwn(vocab, token.content) ? vocab[token.content] : Math.max(size, last + 1);
    if (native !== token.id) refuse(`${field}.id`, `${token.id} (token "${token.content}", natively ${native})`);
    last = Math.max(last, Number(native));
    if (token.single_word === true) refuse(`${field}.single_word`, `true (token "${token.content}")`);
  });
  if (tokenOf.size === 0) refuse("model.vocab", "empty");
};

/** Above every vocabulary size; the library allocates a list of this length. */
const mostIds = 1 << 24;

/** White space as `char::is_whitespace` and `\s` in the native library; JavaScript's `\s` includes U+FEFF and lacks U+0085. */
const space = "\\p{White_Space}";
/** GPT-2's pattern, by which ByteLevel splits. */
const gpt2 =
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${space}\\p{L}\\p{N}]+|${space}+(?!\\P{White_Space})|${space}+`;
const punctuation = "[\\p{P}\\u0021-\\u002F\\u003A-\\u0040\\u005B-\\u0060\\u007B-\\u007E]";
/** Word characters in Rust's regular expressions. */
const word = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d]";

const split = (pattern: string, behavior: "Isolated" | "Removed", invert = false): Json => ({
  type: "Split",
  pattern: { Regex: pattern },
  behavior,
  invert,
});

/** Refuses fields whose type differs from the native library's. */
const checkFields = (field: string, part: unknown, refuse: Refuse): void => {
  if (!isObject(part) || typeof part.type !== "string") return;
  const kind = Object.hasOwn(fieldsOf, part.type) ? fieldsOf[part.type] : {};
  for (const [name, isGood] of Object.entries(kind)) {
    if (!isGood(part[name])) refuse(`${field}.${name}`, part[name]);
  }
};

const isFlag = (value: unknown) => value === undefined || typeof value === "boolean";
const isText = (value: unknown) => typeof value === "string";
const isCount = (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 1000;
const isMark = (value: unknown) => value === undefined || (isText(value) && [...String(value)].length === 1);
const isOneOf = (...names: ReadonlyArray<unknown>) => (value: unknown) => names.includes(value);

const fieldsOf: Readonly<Record<string, Readonly<Record<string, (value: unknown) => boolean>>>> = {
  AddedToken: { single_word: isFlag, lstrip: isFlag, rstrip: isFlag, normalized: isFlag, special: isFlag },
  BPE: {
    unk_token: (value) => value === undefined || value === null || isText(value),
    fuse_unk: isFlag,
    byte_fallback: isFlag,
    ignore_merges: isFlag,
  },
  ByteLevel: { add_prefix_space: isFlag, use_regex: isFlag, trim_offsets: isFlag },
  Digits: { individual_digits: isFlag },
  Metaspace: {
    replacement: isMark,
    prepend_scheme: isOneOf(undefined, "always", "never", "first"),
    split: isFlag,
    add_prefix_space: isFlag,
  },
  Prepend: { prepend: isText },
  Replace: { pattern: (value) => patternOf(value) !== undefined, content: isText },
  Split: { invert: isFlag, behavior: isText },
  Strip: { content: (value) => value !== undefined && isMark(value), start: isCount, stop: isCount },
};

const rewrite = (field: string, part: unknown, refuse: Refuse): unknown => {
  if (!isObject(part)) return refuse(field, part);
  checkFields(field, part, refuse);
  switch (part.type) {
    case "Sequence": {
      const list = Array.isArray(part.pretokenizers) ? part.pretokenizers : undefined;
      if (list === undefined) return refuse(`${field}.pretokenizers`, part.pretokenizers);
      return { ...part, pretokenizers: list.map((one, i) => rewrite(`${field}.pretokenizers[${i}]`, one, refuse)) };
    }
    case "ByteLevel":
      return rewriteByteLevel(part);
    case "Digits":
      return split(part.individual_digits === true ? "\\p{N}" : "\\p{N}+", "Isolated");
    case "WhitespaceSplit":
      return split(`${space}+`, "Removed");
    case "Whitespace":
      return split(`${word}+|[^${word.slice(1, -1)}${space}]+`, "Removed", true);
    case "Punctuation":
      return rewritePunctuation(field, part, refuse);
    case "Split":
      return rewriteSplit(field, part, refuse);
    case "Metaspace": {
      const isOld = part.prepend_scheme === undefined && part.add_prefix_space === false;
      if (part.split !== false) return refuse(`${field}.split`, part.split);
      return isOld ? { ...part, prepend_scheme: "never" } : part;
    }
    default:
      return refuse(`${field}.type`, part.type);
  }
};

/** Splits first, then maps to bytes; the prefix space comes before both. */
const rewriteByteLevel = (part: Json): Json => {
  if (part.use_regex === false) return part;
  const prefix = { type: "Replace", pattern: { Regex: "\\A(?! )" }, content: " " };
  return {
    type: "Sequence",
    pretokenizers: [
      ...(part.add_prefix_space === true ? [prefix] : []),
      split(gpt2, "Isolated"),
      { ...part, add_prefix_space: false, use_regex: false },
    ],
  };
};

const rewritePunctuation = (field: string, part: Json, refuse: Refuse): unknown => {
  switch (nameOf(part.behavior ?? "Isolated")) {
    case "isolated":
      return split(punctuation, "Isolated");
    case "contiguous":
      return split(`${punctuation}+`, "Isolated");
    case "removed":
      return split(punctuation, "Removed");
    default:
      return refuse(`${field}.behavior`, part.behavior);
  }
};

/** With isolated pieces it does not matter whether the matches or the text between them are meant; only removal differs. */
const rewriteSplit = (field: string, part: Json, refuse: Refuse): unknown => {
  const pattern = patternOf(part.pattern);
  if (pattern === undefined) return refuse(`${field}.pattern`, part.pattern);
  const behavior = nameOf(part.behavior);
  if (behavior === "isolated") return split(pattern, "Isolated");
  if (behavior !== "removed") return refuse(`${field}.behavior`, part.behavior);
  // The library would keep the captures of a group.
  if (part.invert !== true && /(?<!\\)\((?!\?)|\(\?<(?![=!])/.test(pattern)) {
    return refuse(`${field}.pattern`, part.pattern);
  }
  return split(pattern, "Removed", part.invert === true);
};

const nameOf = (behavior: unknown): string => typeof behavior === "string" ? behavior.toLowerCase() : "";

const patternOf = (pattern: unknown): string | undefined => {
  const { Regex: regex, String: text } = isObject(pattern) ? pattern : {};
  if (typeof regex === "string") return regex;
  return typeof text === "string" && text !== "" ? text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") : undefined;
};
