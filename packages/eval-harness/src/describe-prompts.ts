import { pyRepr } from '@saeval/python/internal/text/text'
import { inTask } from './documents/in-task.js'
import type { PreparedTask } from './prepare-task.js'
import { target } from './requests/task.js'
import type { TaskRequest } from './requests/task-request.js'

/** The first documents' prompts exactly as the model gets them, what is asked about each, and the targets. */
export async function describePrompts({ task, asked }: PreparedTask, documents: number): Promise<string> {
  const { config } = task
  const head = `${config.task}: ${config.outputType}, ${task.docs.length} documents, ${config.numFewshot ?? 0}-shot`
  const blocks: string[] = []
  for (const { docId, doc, requests } of asked.slice(0, documents)) {
    // requests in a row that have one prompt share it
    const parts = requests.map((request, index) => {
      const prompt = promptOf(request)
      const shown = index > 0 && promptOf(requests[index - 1]!) === prompt ? [] : ['--- prompt', prompt, '--- end']
      return [...shown, wanted(request)].join('\n')
    })
    const answer = pyRepr(await inTask(config.task, docId, () => target(task, doc)))
    blocks.push([`=== document ${docId}`, ...parts, `target: ${answer}`].join('\n'))
  }
  return [head, ...blocks].join('\n')
}

function promptOf(request: TaskRequest): string {
  return request.type === 'loglikelihood_rolling' ? request.text : request.context
}

function wanted(request: TaskRequest): string {
  switch (request.type) {
    case 'loglikelihood':
      return `log-likelihood of ${pyRepr(request.continuation)}`
    case 'loglikelihood_rolling':
      return 'log-likelihood of the whole text'
    case 'generate_until':
      return `continuation with ${pyRepr(request.kwargs)}`
  }
}
