import type { PyDict, PyValue } from '@saeval/python/internal/values/value'

/** What a task asks the model. */
export type TaskRequest =
  | { readonly type: 'loglikelihood'; readonly context: string; readonly continuation: string }
  | { readonly type: 'loglikelihood_rolling'; readonly text: string }
  /** With generation_kwargs as the task has them. `draw` is the first of the run's draws that its answers are; by default the next one. */
  | { readonly type: 'generate_until'; readonly context: string; readonly kwargs: PyDict; readonly draw?: number }

/** A request's arguments as lm_eval has them: what sample lines show. */
export function requestArguments(request: TaskRequest): readonly PyValue[] {
  switch (request.type) {
    case 'loglikelihood':
      return [request.context, request.continuation]
    case 'loglikelihood_rolling':
      return [request.text]
    case 'generate_until':
      return [request.context, request.kwargs]
  }
}
