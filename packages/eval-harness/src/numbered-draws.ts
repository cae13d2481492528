import type { PreparedTask } from './prepare-task.js'

/**
 * The tasks with the places of their sampled texts among the run's draws written down: parts of them that are asked alone then sample as the whole does.
 */
export function withNumberedDraws(tasks: readonly PreparedTask[]): PreparedTask[] {
  let draws = 0
  return tasks.map((task) => {
    const { repeats } = task.task.config
    const asked = task.asked.map((document) => ({
      ...document,
      requests: document.requests.map((request) => {
        if (request.type !== 'generate_until') return request
        const draw = draws
        draws += repeats
        return { ...request, draw }
      }),
    }))
    return { ...task, asked }
  })
}
