/** The commands that are not stages: whole experiments, and what is said about them. */
import { auditCommand } from "./audit.ts";
import { benchCommand } from "./bench.ts";
import { checkpointCommand } from "./checkpoint.ts";
import { doctorCommand } from "./doctor.ts";
import { evaluateCommand } from "./evaluate.ts";
import { gradeBenchCommand } from "./grade_bench.ts";
import { importCommand } from "./import.ts";
import { packCommand, partsCommand } from "./pack.ts";
import { pretrainCommand } from "./pretrain.ts";
import { replayCommand } from "./replay.ts";
import { reportCommand } from "./report.ts";
import { plotCommand } from "./reports/plot_command.ts";
import { tableCommand } from "./reports/table_command.ts";
import { reproduceCommand } from "./reproduce.ts";
import type { Command } from "./runtime/command.ts";
import { showCommand } from "./show.ts";
import { trainCommand } from "./train.ts";

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
