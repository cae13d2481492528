/** What lm_eval knows about a metric by its name. */
export interface MetricFacts {
  /** Name of the aggregation where the task file names none. */
  readonly aggregation: string
  readonly higherIsBetter: boolean
}

/** lm_eval's registered metrics. */
export const metrics: Readonly<Record<string, MetricFacts>> = {
  acc: { aggregation: 'mean', higherIsBetter: true },
  acc_norm: { aggregation: 'mean', higherIsBetter: true },
  acc_bytes: { aggregation: 'mean', higherIsBetter: true },
  acc_mutual_info: { aggregation: 'mean', higherIsBetter: true },
  acc_all: { aggregation: 'mean', higherIsBetter: true },
  exact_match: { aggregation: 'mean', higherIsBetter: true },
  likelihood: { aggregation: 'mean', higherIsBetter: true },
  f1: { aggregation: 'f1', higherIsBetter: true },
  mcc: { aggregation: 'matthews_corrcoef', higherIsBetter: true },
  brier_score: { aggregation: 'brier_score', higherIsBetter: false },
  perplexity: { aggregation: 'perplexity', higherIsBetter: false },
  word_perplexity: { aggregation: 'weighted_perplexity', higherIsBetter: false },
  byte_perplexity: { aggregation: 'weighted_perplexity', higherIsBetter: false },
  bits_per_byte: { aggregation: 'bits_per_byte', higherIsBetter: false },
  bleu: { aggregation: 'bleu', higherIsBetter: true },
  chrf: { aggregation: 'chrf', higherIsBetter: true },
  'chrf++': { aggregation: 'chrf++', higherIsBetter: true },
  ter: { aggregation: 'ter', higherIsBetter: true },
  bypass: { aggregation: 'bypass', higherIsBetter: true },
}

/** What lm_eval knows about the metric of this name; undefined where it has none. */
export function findMetric(name: string): MetricFacts | undefined {
  return Object.hasOwn(metrics, name) ? metrics[name] : undefined
}

/** Whether lm_eval has a metric of this name. */
export function isKnownMetric(name: string): boolean {
  return findMetric(name) !== undefined
}

/** The output types of lm_eval, with the metrics of a task that names none. */
export const defaultMetrics = {
  loglikelihood: ['perplexity', 'acc'],
  loglikelihood_rolling: ['word_perplexity', 'byte_perplexity', 'bits_per_byte'],
  multiple_choice: ['acc', 'acc_norm'],
  generate_until: ['exact_match'],
} as const satisfies Readonly<Record<string, readonly string[]>>

export type OutputType = keyof typeof defaultMetrics

/** Metrics whose resampling is slow: lm_eval takes at most 100 draws for them. */
export const slowMetrics: ReadonlySet<string> = new Set(['bleu', 'chrf', 'chrf++', 'ter'])
