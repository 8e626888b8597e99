/** Counters of a server, in the text format of Prometheus. */
import type { EngineLoad } from "./engine.ts";

/** What was answered, by route and status, and how long it took. */
export interface Metrics {
  readonly answered: (route: string, status: number, seconds: number) => void;
  readonly prompted: (tokens: number) => void;
  readonly text: (load: EngineLoad) => string;
}

/** Upper bounds of the latency histogram, in seconds. */
const bounds = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly lines: ReadonlyArray<string>;
}

const familyText = ({ name, type, help, lines }: Family): string =>
  [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join("\n");

const single = (name: string, type: "counter" | "gauge", help: string, value: number): Family => ({
  name,
  type,
  help,
  lines: [`${name} ${value}`],
});

/** Counters at zero. */
export const makeMetrics = (): Metrics => {
  const answers = new Map<string, number>();
  const buckets = bounds.map(() => 0);
  let [count, sum, promptTokens] = [0, 0, 0];
  const histogram = (): Family => {
    const name = "signum_request_seconds";
    return {
      name,
      type: "histogram",
      help: "Time from a request to the end of its answer",
      lines: [
        ...bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${buckets[i]}`),
        `${name}_bucket{le="+Inf"} ${count}`,
        `${name}_sum ${sum}`,
        `${name}_count ${count}`,
      ],
    };
  };
  const requests = (): Family => ({
    name: "signum_requests_total",
    type: "counter",
    help: "Requests by route and status",
    lines: [...answers].map(([labels, value]) => `signum_requests_total{${labels}} ${value}`),
  });
  return {
    answered: (route, status, seconds) => {
      const labels = `route="${route}",status="${status}"`;
      answers.set(labels, (answers.get(labels) ?? 0) + 1);
      count++;
      sum += seconds;
      bounds.forEach((bound, i) => buckets[i] += Number(seconds <= bound));
    },
    prompted: (tokens) => {
      promptTokens += tokens;
    },
    text: (load) =>
      [
        requests(),
        histogram(),
        single("signum_prompt_tokens_total", "counter", "Tokens of prompts", promptTokens),
        single("signum_response_tokens_total", "counter", "Tokens drawn", load.responseTokens),
        single("signum_scored_tokens_total", "counter", "Tokens scored", load.scoredTokens),
        single("signum_rounds_total", "counter", "Rounds of decoding between two syncs", load.rounds),
        single("signum_responses_running", "gauge", "Responses with a slot", load.running),
        single("signum_responses_waiting", "gauge", "Responses that wait for a slot", load.queued),
        single("signum_slots", "gauge", "Slots of the batch", load.slots),
        single("signum_cache_blocks", "gauge", "Blocks of the cache of keys and values", load.blocks),
        single("signum_cache_blocks_free", "gauge", "Free blocks of the cache", load.freeBlocks),
      ].map((family) => `${familyText(family)}\n`).join(""),
  };
};
