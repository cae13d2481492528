import type { Playground } from '../playground.js'
import type { Problem } from '../protocol.js'
import type { CurrentSetting } from './current-setting.js'
import { byId, make } from './elements.js'
import { TasksTable } from './tasks-table.js'
import { inWords, type WorkerClient } from './worker-client.js'

/** Milliseconds without a change after which tasks are scored. */
const rest = 400

/** The questions of all tasks, asked when the setting has rested for a moment: by a worker of their own, so that no text waits for them. */
export class Scoring {
  readonly #tasks: Playground['tasks']
  readonly #table: TasksTable
  readonly #setting: CurrentSetting
  readonly #start: () => Promise<WorkerClient>
  #worker: Promise<WorkerClient> | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #newest = 0

  /** `start` starts the worker; it is called before the first question. */
  constructor({ tasks, notAsked = [] }: Playground, setting: CurrentSetting, start: () => Promise<WorkerClient>) {
    this.#tasks = tasks
    this.#table = new TasksTable(tasks)
    byId('not-asked').replaceChildren(...notAsked.map((line) => make('li', {}, line)))
    byId('not-asked-title').hidden = notAsked.length === 0
    if (tasks.length === 0) byId('tasks-note').textContent = 'There is no question to ask.'
    this.#setting = setting
    this.#start = start
  }

  /** The setting has changed: what is being asked counts no more. */
  wait(): void {
    this.#newest++
    this.#table.wait()
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.score(), rest)
  }

  /** Asks all questions under the setting, before that once without edits. A newer setting ends it. */
  async score(): Promise<void> {
    if (this.#tasks.length === 0) return
    clearTimeout(this.#timer)
    const mine = ++this.#newest
    const isOld = () => mine !== this.#newest
    const note = byId('tasks-note')
    this.#table.wait()
    note.textContent = 'Asking the questions…'
    this.#worker ??= this.#start()
    const worker = await this.#worker.catch((error: Error) => error.message)
    if (isOld()) return
    if (typeof worker === 'string') {
      note.textContent = worker
      return
    }
    const asked = performance.now()
    // one that is ended begins again
    let problem: Problem | null = null
    let silence = null as string | null
    if (!this.#table.hasPlain)
      problem = await worker.ask('score', { edits: [] }, (part) => 'task' in part && this.#table.showPlain(part))
    if (isOld()) return
    const edits = this.#setting.active
    if (problem !== null) {
      note.textContent = inWords(problem)
      return
    }
    if (edits.length === 0) this.#table.showUnsteered()
    else
      problem = await worker.ask('score', { edits }, (part) => {
        if ('task' in part) this.#table.showSteered(part)
        else silence = part.silence
      })
    if (isOld()) return
    const seconds = (performance.now() - asked) / 1000
    const questions = this.#tasks.reduce((sum, task) => sum + task.questions.length, 0)
    note.textContent =
      problem !== null
        ? inWords(problem)
        : `${questions} questions, ${seconds.toFixed(1)} s.${silence === null ? '' : ` ${silence}.`}`
  }
}
