/** The commands that are not stages: whole experiments, and what is said about them. */
import { pretrainCommand } from "./pretrain.ts";
import type { Command } from "./runtime/command.ts";

/** Every command beside the stages. */
export const commands: ReadonlyArray<Command> = [pretrainCommand];
