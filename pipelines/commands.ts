/** The commands that are not stages: whole experiments, and what is said about them. */
import { pretrainCommand } from "./pretrain.ts";
import { trainCommand } from "./train.ts";
import { plotCommand } from "./reports/plot_command.ts";
import { tableCommand } from "./reports/table_command.ts";
import type { Command } from "./runtime/command.ts";

/** Every command beside the stages. */
export const commands: ReadonlyArray<Command> = [trainCommand, pretrainCommand, tableCommand, plotCommand];
