/** The stages in the order in which records travel through them; each is also a command. */
import type { AnyStage } from "../runtime/stage.ts";

/** Every stage: `cli.ts` makes a Unix filter of each. */
export const stages: ReadonlyArray<AnyStage> = [];
