"""Makes the tiny Hugging Face checkpoints of this folder and the numbers that PyTorch and transformers give for them.

    python make_golden.py [MODEL ...]        (torch 2.13.0, transformers 5.23.0, safetensors 0.8.0; CPU, float32, one thread)

For each model a directory as a Hub snapshot has it (config.json, generation_config.json, tokenizer files, weights) with
`golden/golden.json` and tensors beside it:

sequences   prompts with responses; `problem` is the group, `logProbs` and `entropy` of every response token by temperature
greedy      continuations by argmax, at most 12 tokens, the stop token included; every argmax leads by at least 0.01
cases       one mini-batch each: what goes in (sequences by index, oldLogProbs, referenceLogProbs, advantages, coefficients,
            `nominalSequences`: the size a full mini-batch would have), and what comes out: the loss and its parts, the
            gradient before clipping (`gradient`: a file) with its norm and each parameter's, and where there is `after` (a
            file) the weights after one AdamW step with clipping
critic      PPO's critic: the model's body with `scoreWeight` as value head, values at the positions whose logits give the
            response tokens, then loss, gradient and weights as in a case
steps       losses and gradient norms of ten AdamW steps on the first case named in it

The objective is written out again here, after the paper and the code it was published with, so that the TypeScript is
compared with a second hand. No ratio or value lies within 1e-3 of the edge of its clip, where a rounding would decide.
"""
import json, math, os, shutil, sys

import numpy as np
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM

HERE = os.path.dirname(os.path.abspath(__file__))
CLIP, VALUE_CLIP, LEARNING_RATE, WEIGHT_DECAY, MAX_NORM = 0.2, 0.5, 1e-3, 0.01, 1.0
EDGE = 1e-3

MODELS = {
    "qwen2_tied": dict(
        arch="Qwen2ForCausalLM", seed=1, vocab=67, dtype=torch.float32, full=False, stops=[64],
        config=dict(hidden_size=32, intermediate_size=40, num_attention_heads=4, num_key_value_heads=2,
                    tie_word_embeddings=True, rope_theta=10000.0, torch_dtype="float32", use_sliding_window=False,
                    sliding_window=32768, max_window_layers=1)),
    "qwen2_untied": dict(
        arch="Qwen2ForCausalLM", seed=2, vocab=68, dtype=torch.float32, full=True,
        after=["w-reinforce", "ppo"], stops=[67, 65], generation=True,
        config=dict(hidden_size=32, intermediate_size=36, num_attention_heads=4, num_key_value_heads=2,
                    tie_word_embeddings=False, dtype="float32",
                    rope_parameters=dict(rope_type="default", rope_theta=1000000.0), use_sliding_window=False)),
    "qwen3_tied": dict(
        arch="Qwen3ForCausalLM", seed=3, vocab=69, dtype=torch.float32, full=True,
        after=["w-reinforce", "psr", "nsr", "reinforce", "grpo", "ppo"], stops=[66, 68], generation=True,
        config=dict(hidden_size=32, intermediate_size=36, num_attention_heads=4, num_key_value_heads=2, head_dim=12,
                    tie_word_embeddings=True, dtype="float32", attention_bias=False,
                    rope_parameters=dict(rope_type="default", rope_theta=1000000.0))),
    "qwen3_untied": dict(
        arch="Qwen3ForCausalLM", seed=4, vocab=80, dtype=torch.bfloat16, full=False, stops=[79], generation=True,
        config=dict(hidden_size=40, intermediate_size=48, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
                    tie_word_embeddings=False, torch_dtype="bfloat16", attention_bias=False, rope_theta=10000.0,
                    rope_scaling=None)),
    "llama_tied": dict(
        arch="LlamaForCausalLM", seed=5, vocab=96, dtype=torch.float16, full=False, stops=[93], generation=True,
        config=dict(hidden_size=48, intermediate_size=36, num_attention_heads=6, num_key_value_heads=2,
                    tie_word_embeddings=True, torch_dtype="float16", mlp_bias=False, attention_bias=False,
                    rope_theta=10000.0,
                    rope_scaling=dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                      original_max_position_embeddings=64))),
    "llama_untied": dict(
        arch="LlamaForCausalLM", seed=6, vocab=70, dtype=torch.float32, full=False, stops=[69, 67], shards=3,
        config=dict(hidden_size=32, intermediate_size=52, num_attention_heads=2, num_key_value_heads=2,
                    tie_word_embeddings=False, dtype="float32",
                    rope_parameters=dict(rope_type="linear", factor=2.0, rope_theta=500000.0))),
}
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
            "'<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")


def tokenizer(vocab):
    """A byte-level BPE tokenizer of exactly `vocab` tokens: characters, a few merges, three special tokens at the end."""
    characters = list("ĊĠ") + [chr(c) for c in range(ord("a"), ord("z") + 1)]
    characters += list("0123456789.,?!()+-*/=>_\\{}:")
    merges = ["t h", "th e", "i n", "Ġ a", "o x", "e r", "b ox", "o n", "Ġ the", "a n", "r e", "e d", "o r", "i s", "Ġ o",
              "Ġ i", "e n", "a t", "i t", "Ġ w", "Ġ b", "Ġ c", "n d", "Ġ f", "Ġ s", "Ġ m", "e s", "a r", "l l", "Ġ =",
              "Ġ +", "Ġ 1", "in g", "Ġ t", "l e", "Ġ -", "Ġ 2", "a l"]
    merges = merges[:vocab - len(characters) - len(SPECIAL)]
    tokens = characters + [merge.replace(" ", "") for merge in merges]
    assert len(tokens) + len(SPECIAL) == vocab
    added = [dict(id=len(tokens) + i, content=text, single_word=False, lstrip=False, rstrip=False, normalized=False,
                  special=True) for i, text in enumerate(SPECIAL)]
    level = dict(type="ByteLevel", add_prefix_space=False, trim_offsets=False, use_regex=True)
    return dict(version="1.0", truncation=None, padding=None, added_tokens=added, normalizer=dict(type="NFC"),
                pre_tokenizer=level, post_processor=None, decoder=level,
                model=dict(type="BPE", dropout=None, unk_token=None, continuing_subword_prefix=None,
                           end_of_word_suffix=None, fuse_unk=False, byte_fallback=False, ignore_merges=False,
                           vocab={token: i for i, token in enumerate(tokens)}, merges=merges))


def write_json(path, value):
    with open(path, "w") as out:
        json.dump(value, out, indent=2, ensure_ascii=False)
        out.write("\n")


def make_checkpoint(name, spec):
    """Random weights with the spread of trained ones: norms and biases that matter, logits several units apart."""
    folder = os.path.join(HERE, name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "golden"))
    family = spec["arch"].removesuffix("ForCausalLM").lower()
    config = dict(architectures=[spec["arch"]], model_type=family, vocab_size=spec["vocab"], num_hidden_layers=2,
                  hidden_act="silu", max_position_embeddings=256, rms_norm_eps=1e-6, **spec["config"])
    stops = spec["stops"] if len(spec["stops"]) > 1 else spec["stops"][0]
    if spec.get("generation"):
        # Some published configs name a token here that generation_config.json overrules.
        config["eos_token_id"] = spec["vocab"] - 3
        write_json(os.path.join(folder, "generation_config.json"), dict(do_sample=True, eos_token_id=stops))
    else:
        config["eos_token_id"] = stops
    write_json(os.path.join(folder, "config.json"), config)
    write_json(os.path.join(folder, "tokenizer.json"), tokenizer(spec["vocab"]))
    tokenizer_config = dict(tokenizer_class="PreTrainedTokenizerFast", eos_token=SPECIAL[0], pad_token=SPECIAL[0],
                            model_max_length=256, clean_up_tokenization_spaces=False)
    if family == "llama":
        with open(os.path.join(folder, "chat_template.jinja"), "w") as out:
            out.write(TEMPLATE)
    else:
        tokenizer_config["chat_template"] = TEMPLATE
    write_json(os.path.join(folder, "tokenizer_config.json"), tokenizer_config)

    torch.manual_seed(spec["seed"])
    from transformers import AutoConfig
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), attn_implementation="eager")
    weights, tied = {}, config["tie_word_embeddings"]
    for key, value in model.named_parameters():
        shape = value.shape
        if key.endswith("norm.weight"):
            weights[key] = 1 + 0.3 * torch.randn(shape)
        elif key.endswith("bias"):
            weights[key] = 0.3 * torch.randn(shape)
        elif "embed_tokens" in key or "lm_head" in key:
            weights[key] = 0.5 * torch.randn(shape)
        elif "q_proj" in key or "k_proj" in key:
            weights[key] = 1.5 * torch.randn(shape) / math.sqrt(shape[1])
        else:
            # Blocks whose outputs outweigh the embedding, or a tied model would only repeat its last token.
            gain = 3.0 if tied and ("o_proj" in key or "down_proj" in key) else 1.0
            weights[key] = gain * torch.randn(shape) / math.sqrt(shape[1])
    weights = {key: value.to(spec["dtype"]).contiguous() for key, value in weights.items()}
    shards = spec.get("shards", 1)
    if shards == 1:
        save_file(weights, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
        return folder
    keys, places = list(weights), {}
    for shard in range(shards):
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        part = keys[shard * len(keys) // shards:(shard + 1) * len(keys) // shards]
        save_file({key: weights[key] for key in part}, os.path.join(folder, file), metadata={"format": "pt"})
        places.update({key: file for key in part})
    total = sum(value.numel() * value.element_size() for value in weights.values())
    write_json(os.path.join(folder, "model.safetensors.index.json"),
               dict(metadata=dict(total_size=total), weight_map=dict(sorted(places.items()))))
    return folder


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def response_hidden(model, sequence):
    """The last hidden states [response, C] at the positions that predict the response."""
    tokens = torch.tensor([sequence["prompt"] + sequence["response"]])
    hidden = model.model(tokens, use_cache=False).last_hidden_state[0]
    return hidden[len(sequence["prompt"]) - 1:-1]


def score(model, sequence, temperature):
    """Log-probs and entropies of the response tokens, the logits divided by the temperature."""
    logits = model.lm_head(response_hidden(model, sequence)) / temperature
    logs = torch.log_softmax(logits, -1)
    picked = logs.gather(-1, torch.tensor(sequence["response"])[:, None])[:, 0]
    return picked, -(logs.exp() * logs).sum(-1)


def greedy(model, prompt, stops):
    """The argmax continuation, how it ended, and by how much the best logit led at the closest step."""
    response, lead = [], math.inf
    while len(response) < 12:
        top = model(torch.tensor([prompt + response])).logits[0, -1].topk(2)
        lead = min(lead, float(top.values[0] - top.values[1]))
        response.append(int(top.indices[0]))
        if response[-1] in stops:
            return response, "stop", lead
    return response, "length", lead


def make_greedy(model, spec, rng):
    """Two continuations that end at a stop token, one that runs to the limit; none that only repeats itself."""
    wanted, found = {"stop": 2, "length": 1}, []
    for _ in range(4000):
        prompt = rng.integers(0, spec["vocab"] - 3, int(rng.integers(1, 9))).tolist()
        response, finish, lead = greedy(model, prompt, spec["stops"])
        if lead > 0.01 and wanted[finish] > 0 and len(response) > 2 and len(set(response)) > len(response) // 2:
            wanted[finish] -= 1
            found.append(dict(prompt=prompt, response=response, finish=finish))
        if sum(wanted.values()) == 0:
            return found
    raise SystemExit(f"no greedy continuations that fit: {wanted} left")


def aggregate(terms, aggregation):
    """token-mean: the mean over all tokens; sequence-mean: the mean over sequences of the mean over each one's tokens."""
    if aggregation == "token-mean":
        return torch.cat(terms).mean()
    return torch.stack([term.mean() for term in terms]).mean()


def objective(scored, case):
    """The loss of one mini-batch, and its statistics."""
    policy, kl, clipped, drift = [], [], [], []
    for (logp, _), old, advantage, reference in zip(
            scored, case["oldLogProbs"], case["advantages"], case.get("referenceLogProbs") or [None] * len(scored)):
        advantage = torch.tensor(advantage)
        change = logp - torch.tensor(old)
        ratio = change.exp()
        plain, bounded = -advantage * ratio, -advantage * ratio.clamp(1 - CLIP, 1 + CLIP)
        policy.append(torch.maximum(plain, bounded))
        clipped.append((bounded > plain).float())
        drift.append(-change)
        if case["klCoef"]:
            d = torch.tensor(reference) - logp
            kl.append((d.exp() - d - 1).clamp(-10, 10))
    parts = dict(policyLoss=aggregate(policy, case["aggregation"]),
                 entropy=aggregate([entropy for _, entropy in scored], case["aggregation"]))
    loss = parts["policyLoss"] - case["entropyCoef"] * parts["entropy"]
    if case["klCoef"]:
        parts["klLoss"] = aggregate(kl, case["aggregation"])
        loss = loss + case["klCoef"] * parts["klLoss"]
    share = len(scored) / case["nominalSequences"]
    statistics = dict(clipFraction=torch.cat(clipped).mean(), approxKl=torch.cat(drift).mean(),
                      meanEntropy=torch.cat([entropy for _, entropy in scored]).mean())
    return loss * share, parts | statistics


def step_of(parameters, learning_rate=LEARNING_RATE):
    return torch.optim.AdamW(parameters, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8, weight_decay=WEIGHT_DECAY)


# Of the cases that only vary a setting, the whole gradient is in `gradNorms` and these parameters in the file.
SAMPLED = ("model.norm.weight", "model.layers.0.input_layernorm.weight", "model.layers.0.self_attn.q_proj.weight",
           "model.layers.0.self_attn.k_proj.weight", "model.layers.1.self_attn.v_proj.bias",
           "model.layers.1.mlp.gate_proj.weight")


def finish(folder, name, model, max_norm, skip=(), whole=True, after=True):
    """Writes the gradient, clips, steps, writes the weights; returns the gradient's norm and the file names."""
    named = {key: value for key, value in model.named_parameters() if key not in skip}
    gradient = {key: value.grad.detach().clone().contiguous() for key, value in named.items()}
    norms = {key: shortest(value.norm()) for key, value in gradient.items()}
    out = dict(gradient=f"{name}.gradient.safetensors", gradNorms=norms)
    kept = {key: value for key, value in gradient.items() if whole or key in SAMPLED}
    save_file(kept, os.path.join(folder, "golden", out["gradient"]), metadata={"format": "pt"})
    optimizer = step_of(named.values())
    out = dict(gradNorm=shortest(torch.nn.utils.clip_grad_norm_(named.values(), max_norm)), **out)
    optimizer.step()
    if after:
        out["after"] = f"{name}.after.safetensors"
        stepped = {key: value.detach().contiguous() for key, value in named.items()}
        save_file(stepped, os.path.join(folder, "golden", out["after"]), metadata={"format": "pt"})
    return out


def shortest(value):
    """Nine digits: enough to read the same float32 back."""
    value = value.item() if isinstance(value, torch.Tensor) else value
    return float(f"{float(value):.9g}")


def numbers(values):
    return [shortest(value) for value in values]


def noisy(values, scale, rng, edges):
    """The values plus noise such that no difference comes near an edge."""
    out = []
    for value in values:
        while True:
            moved = np.float32(value + scale * rng.standard_normal())
            if all(abs((value - moved) - edge) > EDGE for edge in edges):
                break
        out.append(float(moved))
    return out


def group_baseline(sequences):
    """GRPO: (reward - mean) / (sample deviation + 1e-6) in the group."""
    out = []
    for sequence in sequences:
        group = [other["reward"] for other in sequences if other["problem"] == sequence["problem"]]
        mean, deviation = (np.mean(group), np.std(group, ddof=1)) if len(group) > 1 else (0.0, 1.0)
        out.append([shortest((sequence["reward"] - mean) / (deviation + 1e-6))] * len(sequence["response"]))
    return out


def gae(sequences, old, reference, values):
    """PPO: gamma = lambda = 1, reward on the last token, minus 1e-3 (old - reference) on each; whitened over all tokens."""
    raw, returns = [], []
    for sequence, o, r, v in zip(sequences, old, reference, values):
        rewards = -1e-3 * (np.array(o) - np.array(r))
        rewards[-1] += sequence["reward"]
        togo = np.cumsum(rewards[::-1])[::-1]
        raw.append(togo - np.array(v))
        returns.append(numbers(togo))
    flat = np.concatenate(raw)
    scale = 1 / np.sqrt(flat.var(ddof=1) + 1e-8)
    return [numbers((a - flat.mean()) * scale) for a in raw], returns


def draw(model, prompt, size, stops, rng):
    """Tokens drawn from the model at temperature 1, none of them a stop token."""
    response = []
    while len(response) < size:
        logits = model(torch.tensor([prompt + response])).logits[0, -1].double()
        logits[stops] = -math.inf
        chances = logits.softmax(-1).numpy()
        response.append(int(rng.choice(len(chances), p=chances / chances.sum())))
    return response


def make_sequences(model, spec, rng):
    """
    Three problems with three responses each, two drawn from the model and one of tokens at random; the first prompt is one
    token, one response too, some end with a stop.
    """
    sequences = []
    for problem, (prompt_tokens, rewards) in enumerate([(1, [1, -1, -1]), (5, [1, 1, -1]), (11, [-1, -1, -1])]):
        prompt = rng.integers(0, spec["vocab"] - 3, prompt_tokens).tolist()
        for index, reward in enumerate(rewards):
            size = [6, 1, 9, 4, 7, 3, 12, 2, 5][3 * problem + index]
            if index < 2:
                response = draw(model, prompt, size, spec["stops"], rng)
            else:
                response = rng.integers(0, spec["vocab"] - 3, size).tolist()
            if index == 0:
                response[-1] = spec["stops"][-1]
            sequences.append(dict(problem=problem, reward=reward, prompt=prompt, response=response))
    for sequence in sequences:
        both = {str(t): score(model, sequence, t) for t in (1, 0.6)}
        sequence["logProbs"] = {t: numbers(logp) for t, (logp, _) in both.items()}
        sequence["entropy"] = {t: numbers(entropy) for t, (_, entropy) in both.items()}
    return sequences


def case_list(spec):
    """Name, algorithm, what differs from the paper's settings, is the whole gradient kept, are the weights after a step."""
    if not spec["full"]:
        return [("w_reinforce", "w-reinforce", {}, True, False)]
    names = ("w-reinforce", "psr", "nsr", "reinforce", "grpo", "ppo")
    # One case is left unclipped, so that both sides of the clip are stepped.
    plain = {name: dict(maxGradNorm=100.0) if name == "reinforce" else {} for name in names}
    return [(name.replace("-", "_"), name, plain[name], True, name in spec["after"]) for name in names] + [
        ("w_reinforce_cool", "w-reinforce", dict(temperature=0.6), False, False),
        ("w_reinforce_sequence_mean", "w-reinforce", dict(aggregation="sequence-mean"), False, False),
        ("grpo_strong", "grpo", dict(entropyCoef=0.1, klCoef=0.3, aggregation="sequence-mean"), False, False),
        ("nsr_short", "nsr", dict(nominalSequences=18, entropyCoef=0.05), False, False),
    ]


def make_case(name, algorithm, changes, sequences, advantages_of, old, reference):
    weights = {"psr": (1, 0), "nsr": (0, 1), "w-reinforce": (0.1, 1)}.get(algorithm, (1, 1))
    weight = lambda sequence: weights[0] if sequence["reward"] > 0 else weights[1]
    kept = [i for i, sequence in enumerate(sequences) if weight(sequence) > 0]
    case = dict(name=name, algorithm=algorithm, temperature=1, clipRatio=CLIP, entropyCoef=1e-4,
                klCoef=1e-3 if algorithm == "grpo" else 0, aggregation="token-mean", nominalSequences=len(kept),
                learningRate=LEARNING_RATE, weightDecay=WEIGHT_DECAY, maxGradNorm=MAX_NORM) | changes
    temperature = str(case["temperature"])
    case["sequences"] = kept
    case["oldLogProbs"] = [old[temperature][i] for i in kept]
    if algorithm in ("grpo", "ppo"):
        case["referenceLogProbs"] = [reference[temperature][i] for i in kept]
    if algorithm in advantages_of:
        case["advantages"] = [advantages_of[algorithm][i] for i in kept]
    else:
        signed = [shortest(np.float32(s["reward"] * weight(s))) for s in sequences]
        case["advantages"] = [[signed[i]] * len(sequences[i]["response"]) for i in kept]
    return case


def critic_loss(values, case):
    """0.5 mean(max((v - R)^2, (clip(v, old v +- 0.5) - R)^2)) over all tokens."""
    terms = []
    for value, old, goal in zip(values, case["oldValues"], case["returns"]):
        old, goal = torch.tensor(old), torch.tensor(goal)
        bounded = torch.maximum(torch.minimum(value, old + VALUE_CLIP), old - VALUE_CLIP)
        terms.append(torch.maximum((value - goal) ** 2, (bounded - goal) ** 2))
    return 0.5 * torch.cat(terms).mean()


def make_golden(name):
    spec = MODELS[name]
    folder = make_checkpoint(name, spec)
    rng = np.random.default_rng(spec["seed"])
    model = load(folder)
    with torch.no_grad():
        sequences = make_sequences(model, spec, rng)
        continuations = make_greedy(model, spec, rng)
    edges = [math.log(1 - CLIP), math.log(1 + CLIP), 0.0]
    temperatures = ("1", "0.6")
    old = {t: [noisy(s["logProbs"][t], 0.25, rng, edges) for s in sequences] for t in temperatures}
    reference = {t: [noisy(s["logProbs"][t], 0.4, rng, [0.0]) for s in sequences] for t in temperatures}
    golden = dict(model=name, stopTokens=spec["stops"], sequences=sequences, greedy=continuations)

    advantages_of = {"grpo": group_baseline(sequences)}
    if spec["full"]:
        golden["critic"], critic_case = make_critic(folder, sequences, old["1"], reference["1"], rng)
        advantages_of["ppo"] = critic_case["advantages"]
    golden["cases"] = []
    for case_name, algorithm, changes, whole, after in case_list(spec):
        case = make_case(case_name, algorithm, changes, sequences, advantages_of, old, reference)
        model = load(folder)
        loss, parts = objective([score(model, sequences[i], case["temperature"]) for i in case["sequences"]], case)
        loss.backward()
        case |= dict(loss=shortest(loss), **{key: shortest(value) for key, value in parts.items()})
        case |= finish(folder, case_name, model, case["maxGradNorm"], whole=whole, after=after)
        golden["cases"].append(case)
    golden["steps"] = make_steps(folder, sequences, golden["cases"][0])
    write_json(os.path.join(folder, "golden", "golden.json"), golden)
    compact(os.path.join(folder, "golden", "golden.json"))
    for case in golden["cases"]:
        print(name, *(f"{key} {case[key]}" for key in ("name", "loss", "gradNorm", "clipFraction")))


def make_critic(folder, sequences, old, reference, rng):
    """PPO's critic on a mini-batch of all sequences, and the advantages that its values give the actor."""
    model = load(folder)
    width = model.config.hidden_size
    model.score = torch.nn.Linear(width, 1, bias=False)
    weight = np.float32(rng.standard_normal((1, width)) * 0.3)
    model.score.weight.data = torch.tensor(weight)
    values = [model.score(response_hidden(model, sequence))[:, 0] for sequence in sequences]
    raw = [numbers(value) for value in values]
    # The values that the rollouts were credited with, some further than the clip from what the critic says now.
    before = [noisy(value, 0.4, rng, [-VALUE_CLIP, VALUE_CLIP]) for value in raw]
    advantages, returns = gae(sequences, old, reference, before)
    case = dict(scoreWeight=numbers(weight[0]), valueClip=VALUE_CLIP, learningRate=LEARNING_RATE, weightDecay=WEIGHT_DECAY,
                maxGradNorm=MAX_NORM, values=raw, oldValues=before, oldLogProbs=old, referenceLogProbs=reference,
                klCoef=1e-3, advantages=advantages, returns=returns)
    loss = critic_loss(values, case)
    loss.backward()
    case["loss"] = shortest(loss)
    case |= finish(folder, "critic", model, MAX_NORM, skip={"lm_head.weight"})
    return case, case


def make_steps(folder, sequences, case):
    """Ten optimizer steps on one mini-batch; the first has the case's own loss."""
    model = load(folder)
    optimizer = step_of(model.parameters())
    losses, norms = [], []
    for _ in range(10):
        loss, _ = objective([score(model, sequences[i], case["temperature"]) for i in case["sequences"]], case)
        optimizer.zero_grad()
        loss.backward()
        losses.append(shortest(loss))
        norms.append(shortest(torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_NORM)))
        optimizer.step()
    return dict(case=case["name"], losses=losses, gradNorms=norms)


def compact(path):
    """Puts every list of numbers on one line."""
    import re
    with open(path) as file:
        text = file.read()
    text = re.sub(r"\[\s+([-\d.e+,\s]+?)\s+\]", lambda match: "[" + re.sub(r"\s+", " ", match[1]) + "]", text)
    with open(path, "w") as out:
        out.write(text)


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for model_name in sys.argv[1:] or MODELS:
        make_golden(model_name)
