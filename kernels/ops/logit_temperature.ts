/** The least temperature that a float32 can divide logits by, 2^-64; below it a response is the same as at it. */
const leastTemperature = 5.421010862427522e-20;

/** What divides the logits where log-probs and entropies are computed: 1 for greedy (0), else the temperature, at least 2^-64. */
export const logitTemperature = (temperature: number): number =>
  temperature === 0 ? 1 : Math.max(temperature, leastTemperature);
