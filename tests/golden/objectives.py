"""Makes objectives.json: losses, derivatives, advantages and returns of every algorithm, by PyTorch autograd in float64.

Written from the definitions (verl's padded and masked form), independently of the TypeScript under test.
Run: python tests/golden/objectives.py
"""

import json
import pathlib

import torch

torch.manual_seed(20250601)
D = torch.float64
CLIP, CLIP_HIGH, ENTROPY, KL, VALUE_CLIP = 0.2, 0.28, 1e-4, 1e-3, 0.5
LENGTHS = [5, 1, 7, 3, 4, 2, 6, 1]
GROUPS = ["a", "a", "a", "b", "b", "c", "d", "d"]
REWARDS = [1, -1, 1, -1, -1, 1, 1, -1]
B, T = len(LENGTHS), max(LENGTHS)
MASK = torch.tensor([[t < n for t in range(T)] for n in LENGTHS], dtype=D)


def f32(x):
    """Rounds to float32, so that both sides start from the same numbers."""
    return x.to(torch.float32).to(D)


def draw(scale, shift=0.0):
    return f32(torch.randn(B, T, dtype=D) * scale + shift) * MASK


def ragged(x):
    return [x[i, :n].tolist() for i, n in enumerate(LENGTHS)]


def aggregate(x, how):
    if how == "token-mean":
        return (x * MASK).sum() / MASK.sum()
    return ((x * MASK).sum(1) / MASK.sum(1)).mean()


def advantages_of(name, lam, old, ref, values):
    reward = torch.tensor(REWARDS, dtype=D)
    if name in ("psr", "nsr", "reinforce", "w-reinforce"):
        weight = {
            "psr": (reward > 0).to(D),
            "nsr": (reward < 0).to(D),
            "reinforce": torch.ones(B, dtype=D),
            "w-reinforce": torch.where(reward > 0, lam, 1.0).to(D),
        }[name]
        return (reward * weight)[:, None] * MASK, None, weight
    weight = torch.ones(B, dtype=D)
    if name == "grpo":
        out = torch.zeros(B, dtype=D)
        for g in set(GROUPS):
            ix = [i for i in range(B) if GROUPS[i] == g]
            mean, std = (reward[ix].mean(), reward[ix].std()) if len(ix) > 1 else (torch.tensor(0.0), torch.tensor(1.0))
            out[ix] = (reward[ix] - mean) / (std + 1e-6)
        return out[:, None] * MASK, None, weight
    token = -KL * (old - ref) * MASK
    for i, n in enumerate(LENGTHS):
        token[i, n - 1] += reward[i]
    gae, returns = gae_of(token, values, 1.0, 1.0)
    return whiten(gae), returns, weight


def gae_of(token, values, gamma, lam):
    gae = torch.zeros_like(token)
    for i, n in enumerate(LENGTHS):
        for t in range(n):
            # The definition: the discounted sum of temporal differences to the end of the response.
            total = 0.0
            for s in range(t, n):
                after = values[i, s + 1] if s + 1 < n else 0.0
                total = total + (gamma * lam) ** (s - t) * (token[i, s] + gamma * after - values[i, s])
            gae[i, t] = total
    return gae, (gae + values) * MASK


def whiten(x):
    picked = x[MASK.bool()]
    return (x - picked.mean()) * torch.rsqrt(picked.var(unbiased=True) + 1e-8) * MASK


def policy_case(name, how, share, keep, tensors, clip_high=CLIP):
    old, logp, ref, entropy, adv = tensors
    lp = logp.clone().requires_grad_(True)
    en = entropy.clone().requires_grad_(True)
    ratio = torch.exp(lp - old)
    first, second = -adv * ratio, -adv * torch.clamp(ratio, 1 - CLIP, 1 + clip_high)
    token = torch.max(first, second) - ENTROPY * en
    if name == "grpo":
        d = torch.clamp(ref - lp, -20, 20)
        token = token + KL * torch.clamp(torch.exp(d) - d - 1, -10, 10)
    mask = MASK * keep[:, None].to(D)
    if how == "token-mean":
        loss = (token * mask).sum() / mask.sum()
    else:
        loss = ((token * mask).sum(1) / MASK.sum(1)).sum() / keep.sum()
    loss = loss * share
    loss.backward()
    count = mask.sum()
    return {
        "aggregation": how,
        "share": share,
        "loss": loss.item(),
        "dLogProbs": ragged(lp.grad),
        "dEntropy": ragged(en.grad),
        "clipFraction": (((second > first).to(D) * mask).sum() / count).item(),
        "approxKl": (((old - logp) * mask).sum() / count).item(),
        "meanEntropy": ((entropy * mask).sum() / count).item(),
    }


def value_case(how, share, values, old_values, returns):
    v = values.clone().requires_grad_(True)
    bounded = torch.clamp(v, old_values - VALUE_CLIP, old_values + VALUE_CLIP)
    token = torch.max((v - returns) ** 2, (bounded - returns) ** 2)
    loss = 0.5 * aggregate(token, how) * share
    loss.backward()
    return {"aggregation": how, "share": share, "loss": loss.item(), "dValues": ragged(v.grad)}


def main():
    old = -draw(1.0).abs()
    logp = f32(old + draw(0.3)) * MASK
    logp[0, :2] = old[0, :2]  # on-policy tokens: both branches are equal
    ref = f32(old + draw(0.4)) * MASK
    ref[2, 0] = f32(logp[2, 0] + 3.5)  # beyond the clamp of the KL term on either side
    ref[2, 1] = f32(logp[2, 1] - 12.0)
    entropy = draw(1.0).abs()
    values, moved, lam = draw(0.6), draw(0.6), 0.1
    out = {
        "settings": {"clipRatio": CLIP, "entropyCoef": ENTROPY, "klCoef": KL, "valueClip": VALUE_CLIP, "lambda": lam},
        "sequences": [
            {
                "problemId": GROUPS[i],
                "reward": REWARDS[i],
                "oldLogProbs": ragged(old)[i],
                "logProbs": ragged(logp)[i],
                "referenceLogProbs": ragged(ref)[i],
                "entropy": ragged(entropy)[i],
                "values": ragged(values)[i],
                "newValues": ragged(moved)[i],
            }
            for i in range(B)
        ],
        "algorithms": {},
    }
    plans = [("token-mean", 1.0), ("sequence-mean", 1.0), ("token-mean", 0.375), ("sequence-mean", 0.375)]
    for name in ("ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"):
        adv, returns, weight = advantages_of(name, lam, old, ref, values)
        keep = weight != 0
        made = {"weights": weight.tolist(), "advantages": ragged(adv)}
        made["cases"] = [policy_case(name, h, s, keep, (old, logp, ref, entropy, f32(adv))) for h, s in plans]
        if returns is not None:
            made["returns"] = ragged(returns)
            made["values"] = [value_case(h, s, moved, values, f32(returns)) for h, s in plans]
        out["algorithms"][name] = made
    rewards = draw(1.0)
    general, general_returns = gae_of(rewards, values, 0.9, 0.8)
    out["gae"] = {
        "gamma": 0.9,
        "lambda": 0.8,
        "rewards": ragged(rewards),
        "advantages": ragged(general),
        "returns": ragged(general_returns),
        "whitened": ragged(whiten(general)),
    }
    # DAPO's clip-higher: the range above 1 is its own.
    out["clipHigher"] = {"clipRatioHigh": CLIP_HIGH, "algorithms": {}}
    for name, made in out["algorithms"].items():
        keep = torch.tensor(made["weights"]) != 0
        adv = torch.zeros(B, T, dtype=D)
        for i, row in enumerate(made["advantages"]):
            adv[i, : len(row)] = torch.tensor(row, dtype=D)
        tensors = (old, logp, ref, entropy, f32(adv))
        out["clipHigher"]["algorithms"][name] = [policy_case(name, h, s, keep, tensors, CLIP_HIGH) for h, s in plans]
    path = pathlib.Path(__file__).with_suffix(".json")
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in out.items())
    path.write_text("{\n" + lines + "\n}\n")


main()
