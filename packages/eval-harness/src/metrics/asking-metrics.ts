import { InputError } from '@saeval/hub'
import type { LanguageModel } from '@saeval/language-model'
import { scoresAll } from './own-metrics.js'

/** A task and its metrics, as far as it matters here. */
interface MeasuredTask<Metric> {
  readonly task: { readonly config: { readonly task: string; readonly processResults: unknown } }
  readonly metrics: readonly Metric[]
}

interface NamedMetric {
  readonly config: { readonly name: string }
  readonly function: unknown
}

/** The metrics of a task that may ask the model: those that give the values of all documents at once. */
export function askingMetrics<Metric extends NamedMetric>({ task, metrics }: MeasuredTask<Metric>): readonly Metric[] {
  if (task.config.processResults !== null) return []
  return metrics.filter((metric) => metric.function === null && scoresAll(metric.config.name))
}

/** Throws InputError where a metric would ask a model whose device is not here: another one's last digits are others, and kept answers hold none of this. */
export function checkStandIn(tasks: readonly MeasuredTask<NamedMetric>[], { info }: Pick<LanguageModel, 'info'>): void {
  if (!info.standIn) return
  for (const prepared of tasks) {
    const [metric] = askingMetrics(prepared)
    if (metric !== undefined)
      throw new InputError(
        `metric ${metric.config.name} of task ${prepared.task.config.task} asks the model itself, and ${info.device} is not here: do this on a machine that has it`,
      )
  }
}
