/** The executor that `--cluster` asks for; without it nothing here is loaded and work stays in this process. */
import { Effect, Layer } from "effect";
import { join } from "node:path";
import { home } from "../files/home.ts";
import { Policy } from "../models/policy.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import type { Settings } from "../settings/settings.ts";
import type { handOut } from "./hand_out.ts";
import { Jobs } from "./jobs.ts";

/** The settings of a command that may hand out its work. */
export type ClusterSettings = Partial<Pick<Settings, "cluster" | "store">>;

/** The default of `--store`. */
export const defaultStore = (below: string = home()): string => join(below, "store");

/** By a path that Deno does not see, for it reads ahead what it sees. */
const load = (path: string): Promise<{ readonly handOut: typeof handOut }> => import(path);

/** The executor by the settings: this process, or the cluster. The device of this process tells which kind of device must do the jobs. */
export const layerJobs = ({ cluster, store }: ClusterSettings): Layer.Layer<never, Failure, Policy> => {
  if (cluster === undefined) {
    if (store === undefined) return Layer.empty;
    const message = "Cannot use --store: --cluster is missing";
    return Layer.effectDiscard(Effect.fail(new UsageError({ message })));
  }
  return Layer.effect(
    Jobs,
    Effect.gen(function* () {
      const module = yield* Effect.promise(() => load("./hand_out.ts"));
      const { info } = yield* Policy;
      return yield* module.handOut({ cluster, store: store ?? defaultStore() }, info);
    }),
  );
};
