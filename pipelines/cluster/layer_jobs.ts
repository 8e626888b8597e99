/** The executor that `--cluster` asks for; without it nothing here is loaded and work stays in this process. */
import { Effect, Layer, type Scope } from "effect";
import { join } from "node:path";
import type { Rounding } from "../../kernels/gpu/chosen_kernels.ts";
import { home } from "../files/home.ts";
import { Policy } from "../models/policy.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import type { Settings } from "../settings/settings.ts";
import { type Executor, Jobs } from "./jobs.ts";

/** The settings of a command that may hand out its work. */
export type ClusterSettings = Partial<Pick<Settings, "cluster" | "store" | "ahead" | "storePort">>;

/** The default of `--store`. */
export const defaultStore = (below: string = home()): string => join(below, "store");

/** By a path that Deno does not see, for it reads ahead what it sees. */
const load = (path: string): Promise<{ readonly handOut: HandOut }> => import(path);

type HandOut = (
  where: { readonly cluster: string; readonly store: string; readonly ahead?: number; readonly storePort?: number },
  info: Rounding,
) => Effect.Effect<Executor, Failure, Scope.Scope>;

/** The executor by the settings: this process, or the cluster. The device of this process tells which kind of device must do the jobs. */
export const layerJobs = (
  { cluster, store, ahead, storePort }: ClusterSettings,
): Layer.Layer<never, Failure, Policy> => {
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
      return yield* module.handOut(
        {
          cluster,
          store: store ?? defaultStore(),
          ...ahead !== undefined && { ahead },
          ...storePort !== undefined && { storePort },
        },
        info,
      );
    }),
  );
};
