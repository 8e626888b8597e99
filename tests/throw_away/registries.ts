/**
 * Registers what is only here, each as a line in its registry would: a task, a model family, a report, a stage and a recipe; the algorithm and the op are those of
 * their rooms' tests. Algorithm and task come first, for the settings are made from them when they are first read.
 */
import "../pipelines/algorithms/throw_away.ts";
import "./task.ts";
import "./family.ts";
import "./report.ts";
import "./stage.ts";
import "./recipe.ts";
import "../kernels/ops/throw_away.ts";
