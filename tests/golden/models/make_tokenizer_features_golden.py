"""Writes `tokenizer_features.json`: what the native tokenizers library makes of the parts that a tokenizer.json may have.

    python make_tokenizer_features_golden.py   (tokenizers 0.23.3)

`bases` are two small tokenizers (byte-level BPE; BPE with byte fallback). Each of `cases` has a `base`, `changes` (keys of tokenizer.json), `texts`
(`text` and its `tokens` without added special ones) and `decoded` (`tokens` drawn at random and their `text`).
"""
import json, os, random

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
CORPUS = ["Hello world, don't stop. The sum of 12 + 345 is 357.", "x = 2 or x = 3; naive cafe, foo bar foobar xfoo.",
          "def f(a, b):\n    return a + b\n\n\nprint(f(1, 23))", "Der Flu\u00df flie\u00dft; \u6570\u5b66 \u041f\u0440\u0438\u0432\u0435\u0442 \u0663\u0664"] * 4
TEXTS = ["Hello world don't", "Hello  world", "Hello world, 12 + 3", "foobar xfoo foo", " \u0663\u0664\u0665 and \u00bd \u2167 \u00b2 x\u0967\u0968 7\u0661",
         "a\ufeffb \ufeff c\ufeff", "a\u0085b \u0085 c\u0085\u0085", "tabs\t and\u00a0spaces\u3000\u2003 end ", "1,234.56 (x-y)!? ...\u2026\u00bf\u3002", "\u6570\u5b66 12\u5e74",
         "a\u200db\u200cc e\u0301 \u0903", "123456", "  12  345 ", "", "x\r\n\r\n y\n", "_under_score \u203f tie"]


def split(pattern, behavior, invert=False):
    return dict(type="Split", pattern=pattern, behavior=behavior, invert=invert)


BYTES = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=True, use_regex=False)
GPT2 = dict(BYTES, use_regex=True)


def before(*parts):
    return dict(pre_tokenizer=dict(type="Sequence", pretokenizers=[*parts, BYTES]))


SPACE, REGEX = dict(String=" "), dict(Regex=r"\s?\w+")
CASES = [
    ("bytes", dict(pre_tokenizer=GPT2)), ("bytes", dict(pre_tokenizer=dict(GPT2, add_prefix_space=True))), ("bytes", dict(pre_tokenizer=BYTES)),
    *[("bytes", before(dict(type="Digits", individual_digits=each))) for each in (True, False)],
    ("bytes", dict(pre_tokenizer=dict(type="Sequence", pretokenizers=[dict(type="Digits", individual_digits=True), GPT2]))),
    *[("bytes", before(split(pattern, behavior, invert))) for pattern in (SPACE, REGEX, dict(Regex=r"(a|b)+"))
      for behavior in ("Isolated", "Removed", "MergedWithNext", "MergedWithPrevious", "Contiguous") for invert in (False, True)],
    *[("bytes", before(dict(type="Punctuation", behavior=behavior))) for behavior in ("Isolated", "Removed", "Contiguous", "MergedWithNext")],
    ("bytes", before(dict(type="WhitespaceSplit"))), ("bytes", before(dict(type="Whitespace"))),
    *[("bytes", dict(pre_tokenizer=GPT2, added_tokens=[dict(id=300, content="xfoo", single_word=word, lstrip=False, rstrip=False, normalized=False, special=False)]))
      for word in (True, False)],
    ("bytes", dict(pre_tokenizer=GPT2, normalizer=dict(type="NFC"))), ("bytes", dict(pre_tokenizer=GPT2, normalizer=dict(type="NFKC"))),
    ("bytes", dict(pre_tokenizer=GPT2, normalizer=dict(type="Lowercase"))), ("bytes", dict(pre_tokenizer=GPT2, normalizer=dict(type="Strip", strip_left=True, strip_right=True))),
    ("fallback", {}), ("fallback", dict(normalizer=None, pre_tokenizer=dict(type="Metaspace", replacement="\u2581", prepend_scheme="first", split=False))),
    *[("fallback", dict(normalizer=None, pre_tokenizer=dict(type="Metaspace", replacement="\u2581", prepend_scheme=scheme, split=False),
                        decoder=dict(type="Metaspace", replacement="\u2581", prepend_scheme=scheme, split=False))) for scheme in ("always", "never", "first")],
    ("fallback", dict(normalizer=None, pre_tokenizer=dict(type="Metaspace", replacement="\u2581", prepend_scheme="always", split=True))),
]


def bases():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=300, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    byte_level = json.loads(tokenizer.to_str())
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator([text.replace(" ", "\u2581") for text in CORPUS], trainers.BpeTrainer(vocab_size=330, special_tokens=special, limit_alphabet=50, show_progress=False))
    fallback = json.loads(tokenizer.to_str())
    fallback["added_tokens"] = [token for token in fallback["added_tokens"] if not token["content"].startswith("<0x")]
    return dict(bytes=byte_level, fallback=fallback)


def main():
    made, chance, cases = bases(), random.Random(0), []
    for base, changes in CASES:
        tokenizer = Tokenizer.from_str(json.dumps({**made[base], **changes}))
        texts = [dict(text=text, tokens=tokenizer.encode(text, add_special_tokens=False).ids) for text in TEXTS]
        size = tokenizer.get_vocab_size()
        drawn = [[chance.randrange(0, size if chance.random() < 0.5 else 259) for _ in range(chance.randrange(1, 9))] for _ in range(60)] if base == "fallback" else []
        drawn = [[token for token in tokens if tokenizer.id_to_token(token) is not None] or [5] for tokens in drawn]
        decoded = [dict(tokens=tokens, text=tokenizer.decode(tokens, skip_special_tokens=False)) for tokens in drawn]
        cases.append(dict(base=base, changes=changes, texts=texts, decoded=decoded))
    with open(os.path.join(HERE, "tokenizer_features.json"), "w") as out:
        json.dump(dict(bases=made, cases=cases), out, ensure_ascii=True)
        out.write("\n")


if __name__ == "__main__":
    main()
