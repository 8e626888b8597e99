/** The smallest divisor of logits, 2^-64; lower temperatures give the same response. */
const leastTemperature = 5.421010862427522e-20;

/** The divisor of logits for log-probs and entropies: 1 for greedy decoding (0), else the temperature, at least 2^-64. */
export const logitTemperature = (temperature: number): number =>
  temperature === 0 ? 1 : Math.max(temperature, leastTemperature);
