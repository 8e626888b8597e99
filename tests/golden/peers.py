"""Makes peers.json: advantages, losses and derivatives of newer objectives, computed by the functions of the programs that people train with.

    python tests/golden/peers.py VERL ROLL NGRPO GPG      (git repositories; torch 2.13.0, numpy 2.4.6, trl 1.16.0)

The functions are read at the commits below, out of their files and unmodified; nothing of them is kept here. What they import, and the
decorators that register them, is stubbed. Everything runs in float64; derivatives are autograd's. In each case `source` names the
function, `settings` what it was called with. `weights` is 0 for a response that the algorithm leaves out of its loss.
"""

import __future__
import ast
import importlib.metadata
import importlib.util
import pathlib
import subprocess
import sys
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import torch
from objective_batch import B, D, GROUPS, LENGTHS, MASK, REWARD, REWARDS, T, TRUNCATED, batch, f32, rows, sequences, write

COMMITS = {
    "verl": "b178a3cd56f58b2d502255daba591e92833930a7",
    "roll": "8eb27cc2dc34c4d1310b169d9b86d339004d811a",
    "ngrpo": "e7a380415a64cd8ac102504c38a5f86069022f35",
    "gpg": "e096da8ce527a1636272469cee383ba71ec4a511",
}
REPOSITORIES = dict(zip(COMMITS, sys.argv[1:5], strict=True))
TRL = "1.16.0"
ENTROPY, KL, FAR = 1e-4, 1e-3, 1e9
INDEX = np.array(GROUPS, dtype=object)
MAX_LENGTH, OVERLONG_BUFFER = 7, 3


class AnyName:
    def __getattr__(self, name):
        return name


def functions(text, names, scope):
    """The functions of these names out of a file, compiled as they stand, with `scope` as their module."""
    wanted = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.name in names]
    assert sorted(node.name for node in wanted) == sorted(names), names
    flags = __future__.annotations.compiler_flag
    exec(compile(ast.Module(wanted, []), "peer", "exec", flags), scope)
    return SimpleNamespace(**{name: scope[name] for name in names})


def source(repository, path):
    return subprocess.run(
        ["git", "-C", REPOSITORIES[repository], "show", f"{COMMITS[repository]}:{path}"],
        check=True, capture_output=True, text=True,
    ).stdout


class ActorConfig(SimpleNamespace):
    global_batch_info = {}

    def get(self, name, default=None):
        return getattr(self, name, default)


def verl():
    tensors = functions(
        source("verl", "verl/utils/torch_functional.py"),
        ["masked_sum", "masked_mean", "masked_var", "masked_whiten"],
        {"torch": torch},
    )
    unchanged = lambda *_: lambda f: f
    scope = {
        "torch": torch, "np": np, "defaultdict": defaultdict, "verl_F": tensors, "AlgoConfig": int,
        "ActorConfig": ActorConfig, "AdvantageEstimator": AnyName(),
        "register_adv_est": unchanged, "register_policy_loss": unchanged,
    }
    names = ["agg_loss", "compute_rewards", "compute_grpo_outcome_advantage", "compute_rloo_outcome_advantage",
             "compute_reinforce_plus_plus_outcome_advantage", "compute_gpg_outcome_advantage",
             "compute_policy_loss_vanilla", "compute_policy_loss_gspo", "compute_policy_loss_gpg",
             "compute_policy_loss_cispo"]
    return functions(source("verl", "verl/trainer/ppo/core_algos.py"), names, scope)


def overlong_rewards():
    """The rewards of verl's DAPORewardManager, from responses of these lengths and scores."""
    scope = {"torch": torch, "defaultdict": defaultdict}
    manager = functions(source("verl", "verl/workers/reward_manager/dapo.py"), ["__call__"], scope)
    scores = iter(REWARDS)
    item = lambda n: SimpleNamespace(
        batch={"prompts": torch.zeros(1), "responses": torch.zeros(T), "attention_mask": torch.arange(T + 1) <= n},
        non_tensor_batch=defaultdict(dict, reward_model={"ground_truth": ""}, data_source=""),
    )

    class Data(list):
        batch = {"responses": torch.zeros(B, T)}

    self = SimpleNamespace(
        tokenizer=SimpleNamespace(decode=lambda *_, **__: "", eos_token="."), reward_fn_key="data_source",
        num_examine=0, _extract_reward_from_rm_scores=lambda *_: None,
        compute_score=lambda **_: next(scores), max_resp_len=MAX_LENGTH,
        overlong_buffer_cfg=SimpleNamespace(enable=True, len=OVERLONG_BUFFER, penalty_factor=1.0, log=False),
    )
    reward = getattr(manager, "__call__")(self, Data(item(n) for n in LENGTHS))
    return reward.sum(-1).to(D)


def trl():
    assert importlib.metadata.version("trl") == TRL
    root = importlib.util.find_spec("trl").submodule_search_locations[0]
    text = (pathlib.Path(root) / "trainer" / "grpo_trainer.py").read_text()
    return functions(text, ["_compute_loss"], {"torch": torch, "nanmin": torch.min, "nanmax": torch.max})


class Peers:
    def __init__(self):
        self.old, self.logp, self.reference, self.entropy = batch()
        self.verl, self.trl = verl(), trl()
        self.roll = functions(
            source("roll", "roll/pipeline/rlvr/actor_pg_worker.py"),
            ["_compute_topr_loss", "_compute_cispo_loss", "_compute_ppo_loss"],
            {"torch": torch, "agg_loss": lambda **_: torch.zeros(())},
        )
        self.ngrpo = functions(
            source("ngrpo", "verl/trainer/ppo/core_algos.py"), ["compute_ngrpo_outcome_advantage"],
            {"torch": torch, "defaultdict": defaultdict},
        )
        self.gpg = functions(
            source("gpg", "open-r1/src/open_r1/gpg_trainer.py"), ["compute_loss"],
            {"torch": torch, "profiling_decorator": lambda f: f},
        )

    def case(self, name, settings, keep, make, how, share, entropy_coef=ENTROPY):
        """One case: `make(log_probs, mask)` gives the loss and its share of clipped tokens, or None where the peer counts none."""
        log_probs = self.logp.clone().requires_grad_(True)
        entropy = self.entropy.clone().requires_grad_(True)
        mask = MASK * keep[:, None].to(D)
        loss, clipped = make(log_probs, mask)
        if entropy_coef:
            modes = {"token-mean": "token-mean", "sequence-mean": "seq-mean-token-mean"}
            loss = loss - entropy_coef * self.verl.agg_loss(entropy, mask, modes[how])
        loss = loss * share
        loss.backward()
        return {
            "source": name, "settings": {**settings, "entropyCoef": entropy_coef}, "aggregation": how, "share": share,
            "loss": loss.item(), "dLogProbs": rows(log_probs.grad),
            "dEntropy": rows(torch.zeros_like(entropy) if entropy.grad is None else entropy.grad),
            **({} if clipped is None else {"clipFraction": float(clipped)}),
            "approxKl": ((self.old - self.logp) * mask).sum().item() / mask.sum().item(),
        }

    def verl_loss(self, kind, advantages, low, high, dual, how):
        mode = {"token-mean": "token-mean", "sequence-mean": "seq-mean-token-mean"}[how]
        config = ActorConfig(clip_ratio=low, clip_ratio_low=low, clip_ratio_high=high, clip_ratio_c=dual)

        def make(log_probs, mask):
            compute = getattr(self.verl, f"compute_policy_loss_{kind}")
            loss, metrics = compute(self.old, log_probs, advantages, mask, mode, config)
            if not metrics:
                return loss, 0
            return loss, metrics["actor/pg_clipfrac"] + metrics["actor/pg_clipfrac_lower"]

        return f"verl compute_policy_loss_{kind}", make

    def trl_loss(self, kind, advantages, low, high, level="token", delta=None, length=MAX_LENGTH):
        def make(log_probs, mask):
            keep = mask.sum(1) > 0  # TRL is given only what stays in the batch
            same = lambda x, **_: x
            self_ = SimpleNamespace(
                _get_per_token_logps_and_entropies=lambda *_, **__: (log_probs[keep], self.entropy[keep], None),
                aux_loss_enabled=False, top_entropy_quantile=1.0, off_policy_mask_threshold=None, beta=0.0, use_vllm=False,
                importance_sampling_level=level, loss_type=kind, epsilon_low=low, epsilon_high=high,
                args=SimpleNamespace(delta=delta, steps_per_generation=1), max_completion_length=length,
                model=SimpleNamespace(training=True), current_gradient_accumulation_steps=1, _entropy_bonus_enabled=False,
                accelerator=SimpleNamespace(num_processes=1, gather=same, reduce=same),
                _metrics=defaultdict(lambda: defaultdict(list)),
            )
            none = torch.zeros(int(keep.sum()), 0)
            inputs = {
                "prompt_ids": none, "prompt_mask": none, "completion_ids": mask[keep], "completion_mask": mask[keep],
                "advantages": advantages[keep], "old_per_token_logps": self.old[keep], "num_items_in_batch": mask.sum(),
            }
            return self.trl._compute_loss(self_, None, inputs), None

        return f"trl GRPOTrainer._compute_loss, loss_type {kind}", make

    def roll_loss(self, method, call, how, **options):
        """A token loss of ROLL, averaged by verl's agg_loss (ROLL's is a copy of it that adds 1e-8)."""
        mode = {"token-mean": "token-mean", "sequence-mean": "seq-mean-token-mean"}[how]

        def make(log_probs, mask):
            self_ = SimpleNamespace(
                _get_or_cache_config=lambda key, default: options.get(key, default),
                _topr_sample_logged=True, _cispo_config_logged=True, _cached_metrics={}, pipeline_config=SimpleNamespace(**options),
            )
            ratio = torch.exp(log_probs - self.old)
            return self.verl.agg_loss(call(getattr(self.roll, method), self_, ratio, log_probs, mask), mask, mode), None

        return f"roll ActorPGWorker.{method}", make


PLANS = [("token-mean", 1.0), ("sequence-mean", 1.0), ("token-mean", 0.375)]
ALL = torch.ones(B, dtype=torch.bool)


def mixed(single):
    """Groups whose rewards differ; `single`: whether a group of one stays, as in DAPO's filter."""
    of = {g: [r for h, r in zip(GROUPS, REWARDS) if h == g] for g in GROUPS}
    return torch.tensor([len(set(of[g])) > 1 or (single and len(of[g]) == 1) for g in GROUPS])


def main():
    p = Peers()
    last = torch.tensor([n - 1 for n in LENGTHS])
    token_rewards = lambda reward: torch.zeros(B, T, dtype=D).scatter(1, last[:, None], reward[:, None])
    scored = token_rewards(REWARD)
    made = {}

    def algorithm(name, keep, advantages, source_, cases, **settings):
        made[name] = {
            "source": source_, "settings": settings, "weights": keep.to(torch.int64).tolist(), "advantages": rows(advantages),
            "cases": cases(f32(advantages)),
        }

    def clip_cases(keep, low, high, dual=FAR, plans=PLANS):
        settings = {"lossForm": "clip", "clipRatio": low, "clipRatioHigh": high, **({} if dual == FAR else {"dualClip": dual})}
        return lambda a: [
            p.case(n, settings, keep, m, how, share)
            for how, share in plans
            for n, m in [p.verl_loss("vanilla", a, low, high, dual, how)]
        ]

    # Dr. GRPO: the mean is taken off, nothing is divided by the standard deviation or by a response's own length.
    centred, _ = p.verl.compute_grpo_outcome_advantage(scored, MASK, INDEX, norm_adv_by_std_in_grpo=False)
    constant = {"lossForm": "clip", "clipRatio": 0.2, "clipRatioHigh": 0.2, "constantLength": MAX_LENGTH}
    algorithm(
        "dr-grpo", ALL, centred, "verl compute_grpo_outcome_advantage, norm_adv_by_std_in_grpo False",
        lambda a: [p.case(*_with(p.trl_loss("dr_grpo", a, 0.2, 0.2), constant), "constant-length", s, 0.0) for s in (1.0, 0.375)],
    )

    # DAPO: groups without signal are left out, the reward of a long response falls, the clip is higher above, the mean is over tokens.
    keep = mixed(single=True)
    shaped = overlong_rewards()
    dapo, _ = p.verl.compute_grpo_outcome_advantage(token_rewards(shaped), MASK, INDEX)
    trl_dapo = {"lossForm": "clip", "clipRatio": 0.2, "clipRatioHigh": 0.28}
    algorithm(
        "dapo", keep, dapo * keep[:, None], "verl DAPORewardManager and compute_grpo_outcome_advantage",
        lambda a: clip_cases(keep, 0.2, 0.28)(a)
        + [p.case(*_with(p.trl_loss("dapo", a, 0.2, 0.28), trl_dapo, keep), "token-mean", 1.0, 0.0)],
        overlongBuffer=OVERLONG_BUFFER, maxTokens=MAX_LENGTH, overlongPenalty=1, shapedRewards=shaped.tolist(),
    )

    rloo, _ = p.verl.compute_rloo_outcome_advantage(scored, MASK, INDEX)
    algorithm("rloo", ALL, rloo, "verl compute_rloo_outcome_advantage", clip_cases(ALL, 0.2, 0.2))

    # REINFORCE++: the k1 penalty in every token's reward, the return of each token, whitened over the batch.
    penalised = p.verl.compute_rewards(scored, p.old, p.reference, KL)
    plus, returns = p.verl.compute_reinforce_plus_plus_outcome_advantage(penalised * MASK, MASK, SimpleNamespace(gamma=1.0))
    algorithm(
        "reinforce++", ALL, plus, "verl compute_rewards and compute_reinforce_plus_plus_outcome_advantage",
        clip_cases(ALL, 0.2, 0.2), klCoef=KL, gamma=1, tokenReturns=rows(returns),
    )

    grpo, _ = p.verl.compute_grpo_outcome_advantage(scored, MASK, INDEX)
    low, high = 3e-4, 4e-4
    gspo = {"lossForm": "sequence-clip", "clipRatio": low, "clipRatioHigh": high}
    wide = {"lossForm": "sequence-clip", "clipRatio": 0.1, "clipRatioHigh": 0.55}
    algorithm(
        "gspo", ALL, grpo, "verl compute_grpo_outcome_advantage",
        lambda a: [
            p.case(*_with(p.verl_loss("gspo", a, low, high, FAR, "sequence-mean"), gspo), "sequence-mean", 1.0),
            p.case(*_with(p.verl_loss("gspo", a, low, high, FAR, "sequence-mean"), gspo), "sequence-mean", 0.375),
            p.case(*_with(p.verl_loss("gspo", a, 0.1, 0.55, FAR, "sequence-mean"), wide), "sequence-mean", 1.0),
            p.case(*_with(p.trl_loss("grpo", a, low, high, "sequence"), gspo), "sequence-mean", 1.0, 0.0),
        ],
    )

    # CISPO: verl and ROLL clip on both sides, TRL (as MiniMax-M1 ran it) above alone; its epsilon_high is the bound itself.
    both = {"lossForm": "clipped-weight", "clipRatio": 0.2, "clipRatioHigh": 0.28}
    above = {"lossForm": "clipped-weight", "clipRatio": 1.0, "clipRatioHigh": 0.5}
    roll_cispo = lambda a: lambda f, s, ratio, lp, _: f(s, ratio, lp, a)
    algorithm(
        "cispo", ALL, grpo, "verl compute_grpo_outcome_advantage",
        lambda a: [
            p.case(*_with(p.verl_loss("cispo", a, 0.2, 0.28, FAR, how), both), how, share) for how, share in PLANS
        ] + [
            p.case(*_with(p.trl_loss("cispo", a, 0.2, 1.5), above), "token-mean", 1.0, 0.0),
            p.case(*_with(p.roll_loss("_compute_cispo_loss", roll_cispo(a), "token-mean", cispo_epsilon_low=0.2,
                                      cispo_epsilon_high=0.28), both), "token-mean", 1.0, 0.0),
        ],
    )

    # GPG: alpha is the number of responses by the number of those in groups with a signal (Eq. (7) of the paper; in the authors' trainer
    # the same with groups of one size; verl counts rewards that are not 0 in its place, so alpha is 1 for rewards of 1 and -1).
    alpha = B / mixed(single=False).sum().item()
    gpg, _ = p.verl.compute_gpg_outcome_advantage(scored, MASK, INDEX)
    single = torch.tensor([GROUPS.count(g) == 1 for g in GROUPS])
    gpg = torch.where(single[:, None], torch.zeros_like(gpg), gpg)  # a group of one has no signal
    likelihood = {"lossForm": "log-likelihood"}

    def authors(advantages):
        def make(log_probs, mask):
            self_ = SimpleNamespace(
                _get_per_token_logps=lambda *_: log_probs, beta=0.0, control=SimpleNamespace(should_evaluate=False),
                args=SimpleNamespace(adjust_gd=True), _metrics={"train": {"inverse_alpha": [1 / alpha]}},
            )
            none = torch.zeros(B, 0)
            inputs = {"prompt_ids": none, "prompt_mask": none, "completion_ids": mask, "completion_mask": mask,
                      "advantages": advantages[:, 0] / alpha}
            return p.gpg.compute_loss(self_, None, inputs), None
        return "gpg GPGTrainer.compute_loss, adjust_gd", make

    algorithm(
        "gpg", ALL, alpha * gpg, "verl compute_gpg_outcome_advantage, times alpha",
        lambda a: [
            p.case(*_with(p.verl_loss("gpg", a, 0.2, 0.2, FAR, how), likelihood), how, share) for how, share in PLANS
        ] + [p.case(*_with(authors(a), likelihood), "token-mean", 1.0, 0.0)],
        alpha=alpha,
    )

    # TOPR: A is the reward.
    tapered = {"lossForm": "tapered-weight"}
    roll_topr = lambda a: lambda f, s, ratio, lp, _: f(s, ratio, lp, p.old, a, SimpleNamespace(batch={"scores": REWARD}))
    algorithm(
        "topr", ALL, REWARD[:, None] * MASK, "the reward",
        lambda a: [
            p.case(*_with(p.roll_loss("_compute_topr_loss", roll_topr(a), how), tapered), how, share) for how, share in PLANS
        ],
    )

    # NGRPO: a virtual response of the highest reward in every group; groups that are all right are left out (the authors'
    # `filter_strategy=all_correct`).
    right = torch.tensor([all(r > 0 for h, r in zip(GROUPS, REWARDS) if h == g) for g in GROUPS])
    ngrpo, _ = p.ngrpo.compute_ngrpo_outcome_advantage(scored, MASK, INDEX, max_reward=1.0)
    algorithm(
        "ngrpo", ~right, ngrpo * ~right[:, None], "ngrpo compute_ngrpo_outcome_advantage",
        clip_cases(~right, 0.16, 0.24), maxReward=1,
    )

    # Options that any objective takes.
    roll_dual = lambda a: lambda f, s, ratio, lp, mask: f(s, ratio, a, mask, {"final_response_mask": 1}, {})
    dual = {"lossForm": "clip", "clipRatio": 0.2, "clipRatioHigh": 0.2, "dualClip": 1.4}
    algorithm(
        "dual-clip", ALL, grpo, "verl compute_grpo_outcome_advantage",
        lambda a: clip_cases(ALL, 0.2, 0.2, 3.0)(a) + clip_cases(ALL, 0.2, 0.28, 3.0, PLANS[:1])(a) + [
            p.case(*_with(p.roll_loss("_compute_ppo_loss", roll_dual(a), "token-mean", pg_clip=0.2, use_pg_clip_range=False,
                                      dual_clip_loss=True), dual), "token-mean", 1.0, 0.0),
        ],
    )
    finished = torch.tensor([i not in TRUNCATED for i in range(B)])
    algorithm(
        "truncated-mask", finished, grpo * finished[:, None], "verl compute_grpo_outcome_advantage, over all responses",
        clip_cases(finished, 0.2, 0.2),
    )

    write(__file__, {
        "made": {"torch": torch.__version__.split("+")[0], "numpy": np.__version__, "trl": TRL, **COMMITS},
        "sequences": sequences(p.old, p.logp, p.reference, p.entropy),
        "algorithms": made,
    })


def _with(loss, settings, keep=ALL):
    name, make = loss
    return name, settings, keep, make


main()
