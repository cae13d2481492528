import type { PreparedTask } from '@saeval/eval-harness'
import { InputError, option, type Sentence, sentence } from '@saeval/hub'
import { hasMargin } from '../documents/document-values.js'
import type { Guard, Objective } from './search-settings.js'

/**
 * Throws InputError for a metric that the tasks lack, and for one that is no mean over documents: of perplexity a document has a log-probability, of
 * word_perplexity a pair, and neither moves as the metric does. A metric that Python makes and no task file declares shows when documents have answers.
 */
export function checkMetrics(
  objective: Objective,
  guards: readonly Guard[],
  tasks: { readonly objective: readonly PreparedTask[]; readonly guards: readonly (readonly PreparedTask[])[] },
): void {
  checkMetric(objectiveText(objective), objective.metric, tasks.objective)
  for (const [index, guard] of guards.entries()) checkMetric(guardText(guard), guard.metric, tasks.guards[index]!)
}

function checkMetric(flag: Sentence, metric: string, tasks: readonly PreparedTask[]): void {
  for (const prepared of tasks) {
    const { task, metrics } = prepared
    const name = task.config.task
    const found = metrics.find(({ config }) => config.name === metric)?.config
    if (found === undefined) {
      if (task.config.processResults !== null || (metric === 'choice_margin' && hasMargin(prepared))) continue
      throw new InputError(sentence`${flag}: task ${name} has no metric ${metric}; it has ${meansOf(prepared)}`)
    }
    if (found.aggregation !== 'mean')
      throw new InputError(
        sentence`${flag}: ${metric} of task ${name} is no mean over its documents, so a search cannot compare it document by document; take one that is: ${meansOf(prepared)}`,
      )
  }
}

function meansOf(prepared: PreparedTask): string {
  const names = prepared.metrics.filter(({ config }) => config.aggregation === 'mean').map(({ config }) => config.name)
  return [...new Set([...names, ...(hasMargin(prepared) ? ['choice_margin'] : [])])].join(', ') || 'none'
}

/** The flag of an objective, for messages. */
export function objectiveText({ tasks, metric, wanted }: Objective): Sentence {
  return sentence`${option('objective')} ${tasks.join('+')}:${metric}:${wanted}`
}

/** The flag of a guard, for messages. */
export function guardText({ tasks, metric, points }: Guard): Sentence {
  return sentence`${option('guard')} ${tasks.join('+')}:${metric}:${points}`
}
