/**
 * Signum: reinforcement learning with verifiable rewards, made of stages that compose as Effect streams: `Stage.run(stage, records,
 * settings)`. This file exports the stages and the data, algorithms and models under them.
 */
export * from "./pipelines/records/schema.ts";
export { tasks } from "./data/mod.ts";
export type { Grade, Problem, Task } from "./data/mod.ts";
export { Key } from "./data/random.ts";
export { algorithms } from "./pipelines/algorithms/mod.ts";
export type { Algorithm, AlgorithmName } from "./pipelines/algorithms/mod.ts";
export { policyLoss } from "./pipelines/algorithms/objective.ts";
export { layerPolicy } from "./pipelines/models/layer_policy.ts";
export { Policy } from "./pipelines/models/policy.ts";
export { recipes } from "./pipelines/recipes/mod.ts";
export type { Recipe } from "./pipelines/recipes/mod.ts";
export { defaults } from "./pipelines/settings/settings.ts";
export type { Settings } from "./pipelines/settings/settings.ts";
export * as Stage from "./pipelines/stages/stage.ts";
export { stages } from "./pipelines/commands/stages.ts";
export { promptStage } from "./pipelines/stages/prompt.ts";
export { sampleStage } from "./pipelines/stages/sample.ts";
export { verify, verifyStage } from "./pipelines/stages/verify.ts";
export { reward, rewardStage } from "./pipelines/stages/reward.ts";
export { dynamics, dynamicsStage } from "./pipelines/stages/dynamics.ts";
export { split, splitStage } from "./pipelines/stages/split.ts";
export { score, scoreStage } from "./pipelines/stages/score.ts";
export { advantage, advantageStage } from "./pipelines/stages/advantage.ts";
export { gradient, optimizerStep } from "./pipelines/learning/optimizer_step.ts";
export { gradientStage } from "./pipelines/stages/gradient.ts";
export { updateStage } from "./pipelines/stages/update.ts";
export { passAtK, passAtKStage } from "./pipelines/stages/pass_at_k.ts";
