/** The commands that are not stages: whole experiments, and what is said about them. */
import { auditCommand } from "./audit.ts";
import { benchCommand } from "../bench/bench.ts";
import { checkpointCommand } from "./checkpoint.ts";
import { doctorCommand } from "./doctor.ts";
import { evaluateCommand } from "../evaluation/evaluate.ts";
import { gradeBenchCommand } from "./grade_bench.ts";
import { importCommand } from "./import.ts";
import { packCommand, partsCommand } from "./pack.ts";
import { pretrainCommand } from "../training/pretrain.ts";
import { replayCommand } from "../training/replay.ts";
import { reportCommand } from "./report.ts";
import { plotCommand } from "./plot.ts";
import { tableCommand } from "./table.ts";
import { reproduceCommand } from "../study/reproduce.ts";
import type { Command } from "../settings/command.ts";
import { showCommand } from "./show.ts";
import { trainCommand } from "../training/train.ts";

/** Every command beside the stages. */
export const commands: ReadonlyArray<Command> = [
  reproduceCommand,
  trainCommand,
  evaluateCommand,
  showCommand,
  importCommand,
  replayCommand,
  checkpointCommand,
  pretrainCommand,
  tableCommand,
  plotCommand,
  reportCommand,
  auditCommand,
  benchCommand,
  gradeBenchCommand,
  packCommand,
  partsCommand,
  doctorCommand,
];
