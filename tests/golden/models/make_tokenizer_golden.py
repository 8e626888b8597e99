"""Makes small tokenizers of the kinds that language models have, and what transformers says of texts, tokens and chats.

    python make_tokenizer_golden.py          (transformers 5.23.0, tokenizers as it brings them)

`tokenizers/NAME/` is a directory with tokenizer.json and tokenizer_config.json; `tokenizers/golden.json` holds
texts       by tokenizer: `text`, its `tokens` without added special ones, `decoded` and `plain` (special tokens skipped)
tokens      by tokenizer: drawn `tokens` (they need be no text) and `decoded`; no byte tokens of byte_fallback, whose runs
            that are no UTF-8 the native library and the one for JavaScript replace differently
chats       `template`, `messages`, `variables`, `addGenerationPrompt`, and the rendered `text`
"""
import json, os, random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tokenizers")
QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
CORPUS = [
    "Find the sum of the first ten positive integers. The answer is \\boxed{55}.",
    "Let $x$ be a real number such that $x^2 - 5x + 6 = 0$. Then $(x-2)(x-3)=0$, so x = 2 or x = 3.",
    "What is \\frac{3}{4} + \\frac{1}{8}? It's \\frac{7}{8}, isn't it?\n\nStep by step: 6/8 + 1/8 = 7/8.",
    "def add(a, b):\n    return a + b  # the sum\n\n\nprint(add(1, 23))\n",
    "Der Fluß fließt; café, naïve, Ångström. 数学の問題を解く。 Привет, мир! 🙂",
] * 4
TEXTS = [
    "", "a", " ", "  ", "\n\n", " leading and trailing ", "The answer is \\boxed{\\frac{7}{8}}.", "x = 2 or x = 3",
    "It's what we'LL see, isn't it?", "1234567 + 89 = 1234656", "tabs\tand\r\nreturns\r\n\r\n  end", "日本語と数学。Привет!",
    "e\u0301 and \u00e9, \u1e9b\u0323, \ufb01", "🙂👩‍👩‍👧 flags 🇩🇪", "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    "<|im_end|><|im_end|> <|im_end|>", "<think>\n\n</think>\n\nYes", "almost <|im_start and |im_end|>", "constructor __proto__ toString", "zero\u200bwidth\u00a0space",
    "def f(x):\n        return x**2", "    indented\n   less", "a\u0000b", "ﷺ ½ ² Ⅷ ٣", "<s> and </s>", "A" * 50,
]
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is 2+2?\n"},
            {"role": "assistant", "content": "  It is \\boxed{4}. "}, {"role": "user", "content": "Sure? \"yes\" <b>"}]
PLAIN = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + "
         "'\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
THINKING = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1, seen=false) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if not ns.seen and message.role == "user" and message.content is string %}
        {%- set ns.seen = true %}
        {%- set ns.last = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "user" or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {{- '<|im_start|>' + message.role + '\\n' + content.strip() + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}"""
BLOCKS = """
{{ bos_token }}
{% for message in messages %}
    {% if loop.first and message['role'] == 'system' %}
[SYS] {{ message['content'] | trim }} [/SYS]
    {% elif message.role == 'user' %}
[INST] {{ message.content | tojson }} [/INST]{% else %} {{ message['content'] | trim | upper }}{{ eos_token }}
    {% endif %}
{% endfor %}
{% if tools is not none %}tools{% endif %}
"""


def byte_level():
    """Qwen's kind: NFC, a splitting pattern, byte-level BPE; two special tokens and a pair that is not special."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=400, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in ("<think>", "</think>")])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|im_end|>", pad_token="<|endoftext|>",
                                   clean_up_tokenization_spaces=False)


def digits():
    """SmolLM's kind: digits alone, then byte-level BPE with GPT-2's pattern; no normalizer."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>",
                                   clean_up_tokenization_spaces=False)


def byte_fallback():
    """Llama 2's kind: spaces as U+2581, characters merged, bytes for the characters that the vocabulary lacks."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence([decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(),
                                           decoders.Strip(" ", 1, 0)])
    special = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=special, limit_alphabet=60, show_progress=False)
    tokenizer.train_from_iterator([text.replace(" ", "\u2581") for text in CORPUS], trainer)
    # The trainer makes every reserved token an added one; the bytes are ordinary tokens of the model.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = [token for token in state["added_tokens"] if not token["content"].startswith("<0x")]
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json.dumps(state)), bos_token="<s>",
                                   eos_token="</s>", unk_token="<unk>", clean_up_tokenization_spaces=False)


def words():
    """The kind of the countdown task: one word, one token, joined by spaces."""
    vocab = {word: i for i, word in enumerate([str(n) for n in range(12)] + "+ - * = <eos> > _".split())}
    tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="_"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.add_special_tokens(["<eos>"])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<eos>", unk_token="_",
                                   clean_up_tokenization_spaces=False)


def chats(tokenizer):
    cases = []
    for template, messages, variables, prompt in [
        (PLAIN, MESSAGES, {}, True), (PLAIN, MESSAGES[1:2], {}, False), (THINKING, MESSAGES, {"enable_thinking": False}, True),
        (THINKING, MESSAGES[1:], {}, True), (THINKING, MESSAGES[1:2], {"enable_thinking": True}, True),
        (BLOCKS, MESSAGES, {}, False),
    ]:
        text = tokenizer.apply_chat_template(messages, chat_template=template, tokenize=False,
                                             add_generation_prompt=prompt, **variables)
        cases.append(dict(template=template, messages=messages, variables=variables, addGenerationPrompt=prompt,
                          constants=dict(bos_token=tokenizer.bos_token, eos_token=tokenizer.eos_token), text=text))
    return cases


def main():
    golden, chance = dict(texts={}, tokens={}), random.Random(0)
    for make in (byte_level, digits, byte_fallback, words):
        name, tokenizer = make.__name__, make()
        folder = os.path.join(HERE, name)
        os.makedirs(folder, exist_ok=True)
        tokenizer.save_pretrained(folder)
        decode = lambda tokens, skip: tokenizer.decode(tokens, skip_special_tokens=skip, clean_up_tokenization_spaces=False)
        texts = TEXTS if name != "words" else ["", "3 + 4 = 7 <eos>", "11  - 2\n", "> _ 12"]
        golden["texts"][name] = []
        for text in texts:
            tokens = tokenizer.encode(text, add_special_tokens=False)
            golden["texts"][name].append(dict(text=text, tokens=tokens, decoded=decode(tokens, False), plain=decode(tokens, True)))
        lowest = 259 if name == "byte_fallback" else 0
        drawn = [[chance.randrange(lowest, len(tokenizer)) for _ in range(chance.randrange(1, 12))] for _ in range(40)]
        golden["tokens"][name] = [dict(tokens=tokens, decoded=decode(tokens, False)) for tokens in drawn]
        if name == "digits":
            golden["chats"] = chats(tokenizer)
    with open(os.path.join(HERE, "golden.json"), "w") as out:
        json.dump(golden, out, ensure_ascii=True)
        out.write("\n")


if __name__ == "__main__":
    main()
