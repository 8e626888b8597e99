"""Makes papers.json: objectives of which no code is public, written down from their papers' equations, independently of the TypeScript.

    python tests/golden/papers.py      (torch 2.13.0; float64, derivatives by autograd)

lens            Feng et al. 2025 (arXiv 2510.08696): calibrated rewards, Eq. (10); D(q), Eq. (14) and the paragraphs after it, with the
                length-normalised probability in place of the raw one but in D_imp, as printed; negative rewards by 1 / G; GRPO's Eq. (2)
                in mixed groups, the mean alone in negative ones, times alpha = 0.25; the loss is GRPO's, Eq. (3).
sign-weights    Zhu et al. 2025 (arXiv 2506.01347), Eqs. (2) to (4) and Section 5: R = +1 and -1, the positive part times one weight, the
                negative part times another (W-REINFORCE is lambda and 1).
"""

import torch
from objective_batch import B, D, GROUPS, MASK, REWARDS, batch, f32, rows, sequences, write

ENTROPY, CLIP, ALPHA, WEIGHTS = 1e-4, 0.2, 0.25, {"positive": 0.3, "negative": 0.7}
PLANS = [("token-mean", 1.0), ("sequence-mean", 1.0), ("token-mean", 0.375)]


def lens(old):
    log_likelihood = (old * MASK).sum(1)
    confidence = torch.exp(log_likelihood / MASK.sum(1))
    right = torch.tensor([1.0 if r > 0 else 0.0 for r in REWARDS], dtype=D)
    calibrated, advantages = right.clone(), torch.zeros(B, dtype=D)
    for group in set(GROUPS):
        ix = torch.tensor([i for i in range(B) if GROUPS[i] == group])
        size, r = len(ix), right[ix]
        difficulty = 2 * confidence[ix].max()
        if r.sum() > 0:
            importance = 1 / ((r / torch.exp(log_likelihood[ix])).sum() / size)
            difficulty = torch.maximum(importance, difficulty)
        penalty = confidence[ix] / (difficulty - confidence[ix])
        calibrated[ix] = r - (1 - r) * penalty / size
        centred = calibrated[ix] - calibrated[ix].mean()
        if r.sum() == 0:
            advantages[ix] = ALPHA * centred
        elif r.sum() < size:
            advantages[ix] = centred / (calibrated[ix].std() + 1e-6)
        # In a group that is all right every reward is 1, so nothing is left of it.
    return calibrated, advantages[:, None] * MASK


def case(how, share, tensors, advantages):
    old, logp, entropy = tensors
    logp, entropy = logp.clone().requires_grad_(True), entropy.clone().requires_grad_(True)
    ratio = torch.exp(logp - old)
    plain, clipped = -advantages * ratio, -advantages * torch.clamp(ratio, 1 - CLIP, 1 + CLIP)
    token = (torch.max(plain, clipped) - ENTROPY * entropy) * MASK
    loss = share * (token.sum() / MASK.sum() if how == "token-mean" else (token.sum(1) / MASK.sum(1)).mean())
    loss.backward()
    return {
        "source": "Eq. (3)", "settings": {"lossForm": "clip", "clipRatio": CLIP, "clipRatioHigh": CLIP, "entropyCoef": ENTROPY},
        "aggregation": how, "share": share, "loss": loss.item(), "dLogProbs": rows(logp.grad), "dEntropy": rows(entropy.grad),
        "clipFraction": (((clipped > plain).to(D) * MASK).sum() / MASK.sum()).item(),
        "approxKl": ((old - logp.detach()) * MASK).sum().item() / MASK.sum().item(),
    }


def main():
    old, logp, reference, entropy = batch()
    calibrated, lens_advantages = lens(old)
    weight = torch.tensor([WEIGHTS["positive" if r > 0 else "negative"] for r in REWARDS], dtype=D)
    signed = (weight * torch.tensor(REWARDS, dtype=D))[:, None] * MASK

    def algorithm(source, advantages, weights, **settings):
        cases = [case(how, share, (old, logp, entropy), f32(advantages)) for how, share in PLANS]
        return {"source": source, "settings": settings, "weights": weights, "advantages": rows(advantages), "cases": cases}

    write(__file__, {
        "made": {"torch": torch.__version__.split("+")[0]},
        "sequences": sequences(old, logp, reference, entropy),
        "algorithms": {
            "lens": algorithm("arXiv 2510.08696, Eqs. (10), (14), Section 5.1", lens_advantages, [1] * B, alpha=ALPHA,
                              calibratedRewards=calibrated.tolist()),
            "sign-weights": algorithm("arXiv 2506.01347, Eqs. (2) to (4), Section 5", signed, weight.tolist(), **WEIGHTS),
        },
    })


main()
