import { InputError } from '@saeval/hub'
import { largestModel } from '@saeval/playground'
import { escapeHtml } from '@saeval/report/internal/html/escape'
import { addressedRuns, named } from '../addressed-runs.js'
import { type SteeredRun, steeredRun } from '../steer-run.js'
import type { FolderView } from '../ui-folder.js'
import { options } from './samples-page.js'
import { uiPage } from './ui-page.js'

/** The page that steers, of a run; kept while the run's files are as they are. Throws InputError that says why there is none. */
export async function runToSteer(view: FolderView, name: string): Promise<SteeredRun> {
  const run = named('the run', await addressedRuns(view), name)
  return view.steered.get(null, run.results, () => steeredRun(run, view.words))
}

/** Which run's model and edits are to be steered by hand, and the way to the page that does it; or why it cannot be. */
export async function steerPage(view: FolderView, query: URLSearchParams): Promise<string> {
  const all = await addressedRuns(view)
  const steered = [...all].filter(([, { results }]) => results.provenance?.steering !== undefined)
  const [first] = steered
  const chosen = query.get('run') || first?.[0]
  if (chosen === undefined)
    return uiPage({
      title: 'Steer',
      place: 'steer',
      body: '<p>No run of this folder tells which latents it edits.</p>',
    })
  const list = steered.map(([name, { label }]) => [name, label] as const)
  const form = `<form class="controls"><label>run<select name="run">${options(list, chosen, null)}</select></label><button>Show</button></form>`
  const body = await runToSteer(view, chosen).then(
    (run) => wayTo(chosen, run),
    (error: unknown) => {
      if (InputError.isInstance(error))
        return `<p>This run cannot be steered in a page: ${escapeHtml(view.words(error.sentence))}.</p>`
      throw error
    },
  )
  return uiPage({
    title: 'Steer',
    place: 'steer',
    body: `${form}${body}<p class="soft">The page runs the model in this browser, with WebGPU where there is one. It holds models of up to ${largestModel / 2 ** 20} MB in float32, with WebAssembly alone a quarter of it.</p>`,
  })
}

function wayTo(name: string, { model, playground: { saes, tasks, edits, others = 0 } }: SteeredRun): string {
  const questions = tasks.reduce((sum, task) => sum + task.questions.length, 0)
  const list = saes.map(({ release, id }) => `${id} of ${release}`).join(', ')
  const left = others === 0 ? '' : ` ${others} more do what its sliders cannot, or have no room.`
  const begins =
    edits.length === 0
      ? `This run's edits cannot be begun with: all ${others} do what the page's sliders cannot. The page begins with none.`
      : `The page begins with ${edits.length} of this run's edits.${left}`
  return `<p><a class="way" href="steer/${encodeURIComponent(name)}/">Steer ${escapeHtml(model)}</a></p>
<p>By ${escapeHtml(list)}. ${begins} It asks ${questions} of its questions.</p>`
}
