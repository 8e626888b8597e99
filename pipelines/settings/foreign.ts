/**
 * The settings of verl and of TRL's `GRPOConfig` beside ours, by their names: ours where one means the same, with what differs, or why there
 * is none. The README of training prints the record, and an unknown flag or key of a config file that is one of theirs is answered from it.
 * Sources: verl's `ppo_trainer.yaml`; TRL's `GRPOConfig` and the `TrainingArguments` below it.
 */
import { type SettingKey, settingKeys } from "./settings.ts";

/** One of their settings: those of ours that stand for it, with what differs; or the reason why there is none. */
export type Foreign =
  | { readonly ours: ReadonlyArray<SettingKey>; readonly note?: string }
  | { readonly because: string };

/** Their settings by their full names. */
export type ForeignSettings = Readonly<Record<string, Foreign>>;

const is = (ours: SettingKey | ReadonlyArray<SettingKey>, note?: string): Foreign => ({
  ours: typeof ours === "string" ? [ours] : ours,
  ...(note === undefined ? {} : { note }),
});

const none = (because: string): Foreign => ({ because });

const constant = none("the learning rate is constant");
const once = none("a rollout is learnt from once");
const oneDevice = none("a run uses one device");
const samplers =
  "servers that run already; without them training draws its own responses, with the very log-probs that its gradient starts from";
const noTruncation = none("prompts of more than 1024 tokens are left out, never cut");
const allWeights = none("every weight is trained, in float32");
const scored = none("the passes that score responses are cut by what memory holds, which changes no byte");
const metrics = none("every run writes metrics.ndjson and TensorBoard events, one row a step");
const untruncated = none("only temperature, top-p and top-k shape the distribution");
const verified = none("a task's grader gives the only reward, +1 or -1");

const perPass = is("gradientChunk", "theirs counts sequences, ours tokens; it changes results by rounding alone");
const asksLeave = "other than all tokens, training asks for --allow-truncated-sampling";
const fewer = "0 means never, as -1 does there";

/** The settings of verl, by their path in its configuration. */
const verl: ForeignSettings = {
  "data.train_files": is("data"),
  "data.val_files": is("data", "a folder or a data set has both splits; --holdout splits one file"),
  "data.train_batch_size": is("prompts", "both count prompts"),
  "data.max_prompt_length": noTruncation,
  "data.max_response_length": is("maxTokens"),
  "data.shuffle": none("each epoch has an order of its own, drawn from --seed"),
  "actor_rollout_ref.model.path": is("model"),
  "actor_rollout_ref.model.enable_gradient_checkpointing": is("recompute"),
  "actor_rollout_ref.model.use_remove_padding": none("rows are always packed without padding"),
  "actor_rollout_ref.model.lora_rank": allWeights,
  "actor_rollout_ref.rollout.n": is("responses"),
  "actor_rollout_ref.rollout.temperature": is("temperature"),
  "actor_rollout_ref.rollout.top_p": is("topP", asksLeave),
  "actor_rollout_ref.rollout.top_k": is("topK", `0 means all, as -1 does there; ${asksLeave}`),
  "actor_rollout_ref.rollout.name": is(["rollouts", "rolloutsDialect"], samplers),
  "actor_rollout_ref.rollout.tensor_model_parallel_size": oneDevice,
  "actor_rollout_ref.rollout.gpu_memory_utilization": is("cache", "theirs is a share of the device, ours GiB"),
  "actor_rollout_ref.rollout.max_num_seqs": is("batch"),
  "actor_rollout_ref.rollout.log_prob_micro_batch_size_per_gpu": scored,
  "actor_rollout_ref.rollout.val_kwargs.n": is(
    "responses",
    "of evaluate; a training's test is one greedy response",
  ),
  "actor_rollout_ref.rollout.val_kwargs.temperature": is(
    "temperature",
    "of evaluate; a training's test is greedy",
  ),
  "actor_rollout_ref.ref.log_prob_micro_batch_size_per_gpu": scored,
  "actor_rollout_ref.actor.ppo_mini_batch_size": is(
    "miniBatch",
    "both count prompts; psr and nsr drop one sign first, so they make fewer optimizer steps",
  ),
  "actor_rollout_ref.actor.ppo_micro_batch_size": perPass,
  "actor_rollout_ref.actor.ppo_micro_batch_size_per_gpu": perPass,
  "actor_rollout_ref.actor.ppo_max_token_len_per_gpu": is("gradientChunk", "it changes results by rounding alone"),
  "actor_rollout_ref.actor.use_dynamic_bsz": none("passes are always cut by tokens"),
  "actor_rollout_ref.actor.ppo_epochs": once,
  "actor_rollout_ref.actor.shuffle": none("mini-batches are taken in the order of the prompts"),
  "actor_rollout_ref.actor.clip_ratio": is("clipRatio"),
  "actor_rollout_ref.actor.clip_ratio_low": is("clipRatio", "it is the lower range where --clip-ratio-high is given"),
  "actor_rollout_ref.actor.clip_ratio_high": is("clipRatioHigh"),
  "actor_rollout_ref.actor.clip_ratio_c": is("dualClip", "3 there unless set, none here"),
  "actor_rollout_ref.actor.policy_loss.loss_mode": is(
    "algorithm",
    "vanilla is the clipped ratio; gspo, cispo and gpg have their own; others have none",
  ),
  "actor_rollout_ref.actor.loss_scale_factor": is("maxTokens", "constant-length divides by it"),
  "actor_rollout_ref.actor.entropy_coeff": is("entropyCoef"),
  "actor_rollout_ref.actor.use_kl_loss": is("klInLoss"),
  "actor_rollout_ref.actor.kl_loss_coef": is("klCoef", "one coefficient serves the loss and PPO's reward"),
  "actor_rollout_ref.actor.kl_loss_type": none("the KL in the loss is their low_var_kl, clamped as theirs"),
  "actor_rollout_ref.actor.loss_agg_mode": is(
    "aggregation",
    "token-mean, over the whole mini-batch; seq-mean-token-mean is sequence-mean, seq-mean-token-sum-norm is constant-length; others have none",
  ),
  "actor_rollout_ref.actor.grad_clip": is("maxGradNorm"),
  "actor_rollout_ref.actor.optim.lr": is("learningRate"),
  "actor_rollout_ref.actor.optim.lr_warmup_steps": constant,
  "actor_rollout_ref.actor.optim.lr_warmup_steps_ratio": constant,
  "actor_rollout_ref.actor.optim.weight_decay": is("weightDecay"),
  "actor_rollout_ref.actor.fsdp_config.param_offload": none("weights stay on the device; --offload moves a gradient"),
  "actor_rollout_ref.actor.fsdp_config.optimizer_offload": none(
    "moments stay on the device; --moments bf16 halves them",
  ),
  "critic.model.path": is("critic"),
  "critic.optim.lr": is("criticLearningRate"),
  "critic.ppo_mini_batch_size": is("criticMiniBatch", "theirs counts prompts, ours responses"),
  "critic.cliprange_value": none("a value's clip range is 0.5"),
  "algorithm.adv_estimator": is(
    "algorithm",
    "gae is ppo, reinforce_plus_plus is reinforce++; grpo, rloo and gpg are called alike; others have none",
  ),
  "algorithm.gamma": none("PPO's gamma is 1"),
  "algorithm.lam": none("PPO's GAE lambda is 1; --lambda is another thing, w-reinforce's weight of correct responses"),
  "algorithm.norm_adv_by_std_in_grpo": is(
    "algorithm",
    "grpo divides by the group's standard deviation, dr-grpo does not",
  ),
  "algorithm.use_kl_in_reward": none(
    "the algorithm decides: ppo and reinforce++ have the KL in the reward, no other has",
  ),
  "algorithm.kl_ctrl.kl_coef": is("klCoef", "one coefficient serves the loss and PPO's reward"),
  "algorithm.kl_ctrl.type": none("the coefficient of the KL is constant"),
  "algorithm.rollout_correction.rollout_is_threshold": is("importanceCap", "rollout_is is token"),
  "algorithm.filter_groups.enable": is(
    "algorithm",
    "dapo drops groups of equal rewards and draws none in their place; in the others they stay",
  ),
  "reward_model.model.path": verified,
  "reward_model.overlong_buffer.enable": is(
    "algorithm",
    "dapo has it, with --overlong-buffer as a share of --max-tokens and --overlong-penalty; the record's reward stays",
  ),
  "custom_reward_function.path": none("a task is a file with its grader, data/tasks/"),
  "trainer.total_epochs": is("epochs"),
  "trainer.total_training_steps": is("steps"),
  "trainer.test_freq": is("testEvery", fewer),
  "trainer.save_freq": is("saveEvery", "at least 1; the last step is always saved"),
  "trainer.val_before_train": is("testFirst"),
  "trainer.max_actor_ckpt_to_keep": is("keep"),
  "trainer.default_local_dir": is("out"),
  "trainer.resume_mode": none("the same command goes on"),
  "trainer.logger": metrics,
  "trainer.critic_warmup": none("policy and critic learn from the first step"),
  "trainer.n_gpus_per_node": oneDevice,
  "trainer.nnodes": oneDevice,
};

const halfStorage = is(["storage", "activations"], "stored in 16 bits, computed in float32");

/** The settings of TRL's GRPOConfig. */
const trl: ForeignSettings = {
  model_name_or_path: is("model"),
  dataset_name: is("data"),
  output_dir: is("out"),
  num_generations: is("responses"),
  max_prompt_length: noTruncation,
  max_completion_length: is("maxTokens"),
  temperature: is("temperature"),
  top_p: is("topP", asksLeave),
  top_k: is("topK", asksLeave),
  min_p: untruncated,
  repetition_penalty: untruncated,
  seed: is("seed"),
  shuffle_dataset: none("each epoch has an order of its own, drawn from --seed"),
  beta: is(["klCoef", "klInLoss"], "--algorithm grpo has the KL in its loss at 1e-3; theirs is 0 unless set"),
  epsilon: is("clipRatio"),
  epsilon_high: is("clipRatioHigh"),
  delta: is("dualClip", "the same where it is above 1 + epsilon_high"),
  importance_sampling_level: is("algorithm", "sequence is gspo; the others' ratio is each token's"),
  loss_type: is(
    ["aggregation", "algorithm"],
    "dapo is token-mean, grpo is sequence-mean, dr_grpo is constant-length, cispo is the algorithm; bnpo is token-mean of a pass; others have none",
  ),
  scale_rewards: is(
    "algorithm",
    "grpo divides by the group's standard deviation, dr-grpo does not; --normalize-advantage scales over the batch's tokens, after it",
  ),
  mask_truncated_completions: is("truncated", "true is mask"),
  top_entropy_quantile: none("every token of a response is learnt from"),
  reward_weights: verified,
  num_iterations: once,
  per_device_train_batch_size: is(
    "miniBatch",
    "theirs counts completions of one pass: times devices and gradient_accumulation_steps, over num_generations, it is ours",
  ),
  gradient_accumulation_steps: is("miniBatch", "ours names the whole optimizer step, in prompts"),
  generation_batch_size: is("prompts", "theirs counts completions, ours prompts"),
  steps_per_generation: is("prompts", "theirs counts passes per rollout batch, ours prompts"),
  num_train_epochs: is("epochs"),
  max_steps: is(
    "steps",
    "theirs counts optimizer steps, ours rollout batches of --prompts / --mini-batch optimizer steps",
  ),
  learning_rate: is("learningRate", "it is constant; theirs falls linearly unless set"),
  lr_scheduler_type: constant,
  warmup_ratio: constant,
  warmup_steps: constant,
  weight_decay: is("weightDecay"),
  max_grad_norm: is("maxGradNorm"),
  adam_beta1: none("AdamW's beta1 is 0.9"),
  adam_beta2: none("AdamW's beta2 is 0.999"),
  adam_epsilon: none("AdamW's epsilon is 1e-8"),
  bf16: halfStorage,
  fp16: halfStorage,
  gradient_checkpointing: is("recompute"),
  use_peft: allWeights,
  lora_r: allWeights,
  use_vllm: is(["rollouts", "rolloutsDialect"], samplers),
  vllm_mode: is("rollouts", "theirs is server; there is no other"),
  vllm_server_base_url: is("rollouts"),
  vllm_importance_sampling_cap: is("importanceCap", "a token's weight is bounded, never a sequence's"),
  vllm_gpu_memory_utilization: is("cache", "theirs is a share of the device, ours GiB"),
  sync_ref_model: none("the reference stays as it is"),
  eval_steps: is("testEvery", "theirs counts optimizer steps, ours rollout batches; 0 means never"),
  eval_on_start: is("testFirst"),
  logging_steps: metrics,
  report_to: metrics,
  log_completions: none("every response is recorded; show and report print them"),
  save_steps: is("saveEvery", "theirs counts optimizer steps, ours rollout batches"),
  save_total_limit: is("keep"),
  resume_from_checkpoint: none("the same command goes on"),
};

/** Their settings by the name of the library. */
export const foreign: Readonly<Record<string, ForeignSettings>> = { verl, TRL: trl };

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, "");

const isWhole = (name: string, asked: string): boolean => plain(name) === plain(asked);

/** Whether `asked` is the last parts of `name`: `rollout.n`, `n`. */
const isEnd = (name: string, asked: string): boolean => plain(name).endsWith(`.${plain(asked)}`);

/** How settings are spelled where somebody asked, and which of them are taken there; without `takes` all are. */
export interface Asked {
  readonly spelled: (key: SettingKey) => string;
  readonly takes?: { readonly by: string; readonly keys: ReadonlyArray<string> };
}

const sentence = (library: string, name: string, one: Foreign, { spelled, takes }: Asked): string => {
  const theirs = `${library}'s ${name}`;
  if ("because" in one) return `${theirs} has no counterpart here, because ${one.because}`;
  const ours = one.ours.map(spelled).join(" and ");
  const isTaken = takes === undefined || one.ours.every((key) => takes.keys.includes(key));
  const note = one.note === undefined ? "" : ` (${one.note})`;
  return isTaken ? `${theirs} is ${ours} here${note}` : `${theirs} is ${ours} here, which "${takes.by}" does not take`;
};

/** `: TRL's num_generations is --responses here` where a name that nobody knows is one of theirs and none of ours, else nothing. */
export const foreignAnswer = (asked: string, where: Asked): string => {
  if (settingKeys.some((key) => plain(key) === plain(asked))) return "";
  const libraries = Object.entries(foreign);
  const answersTo = (isMeant: typeof isEnd) =>
    libraries.flatMap(([library, theirs]) =>
      Object.entries(theirs).filter(([name]) => isMeant(name, asked))
        .map(([name, one]) => sentence(library, name, one, where))
    );
  const whole = answersTo(isWhole);
  const answers = whole.length > 0 ? whole : answersTo(isEnd);
  const section = libraries.find(([, theirs]) => Object.keys(theirs).some((name) => name.startsWith(`${asked}.`)));
  if (answers.length === 0 && section !== undefined) {
    return `: a section of ${section[0]}'s; each setting is a key of its own here, see pipelines/training/README.md`;
  }
  return answers.length === 0 ? "" : `: ${answers.join("; ")}`;
};
