/** What the routes share: the model that is served, its tokenizer and template, the engine, and the limits. */
import type { ChatTemplate } from "../models/chat_template.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type { Engine, EngineLimits } from "./engine.ts";
import type { Metrics } from "./metrics.ts";

/** A model with what answering needs. */
export interface Served {
  readonly name: string;
  readonly model: Model;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | undefined;
  /** The date for a chat template that asks for one. */
  readonly date: string | undefined;
  readonly engine: Engine;
  readonly limits: EngineLimits;
  readonly metrics: Metrics;
  /** Seconds since 1970 when the server started. */
  readonly created: number;
  /** The seed of requests without one. */
  readonly seed: number;
  /** Requests without a seed so far, and answers so far. */
  unseeded: number;
  answers: number;
  /** The SHA-256 of the weights; it changes when they are replaced. */
  weights: string;
  /** Why there are no whole weights, if a replacement failed half way. */
  broken: string | undefined;
}
