import type { Parts } from '../protocol.js'
import { CurrentSetting } from './current-setting.js'
import { EditList } from './edit-list.js'
import { byId, make } from './elements.js'
import { latentSearch } from './latent-search.js'
import { Scoring } from './scoring.js'
import { linkOf, type Setting, settingOf } from './setting.js'
import { takeAwayButtons } from './take-away.js'
import type { WorkerClient } from './worker-client.js'
import { Writing } from './writing.js'

export interface PageOptions {
  /** What the model runs in, in words. */
  readonly place: string
  /** When the page began to load, by performance.now(). */
  readonly begun: number
  /** Starts the worker that scores. */
  readonly startScorer: () => Promise<WorkerClient>
}

/** Opens the page: one worker writes, another one scores, so that neither waits for the other. */
export async function openPage(
  { worker: writer, opened }: { readonly worker: WorkerClient; readonly opened: Parts['open'] },
  { place, begun, startScorer }: PageOptions,
): Promise<void> {
  const { playground, latents, model, maxLength } = opened
  const known = { latents, saeNames: playground.saes.map(({ id }) => id), maxLength }
  document.title = playground.title
  byId('title').textContent = playground.title
  byId('about').textContent = `${playground.model}: ${model}. It runs in this page, ${place}, and nothing leaves it.`

  const sizes = latents.map((list) => list.length)
  const first: Setting = {
    prompt: playground.prompts[0] ?? '',
    edits: playground.latents.map(({ sae, latent }) => ({ sae, latent, action: 'add', coefficient: 0 })),
  }
  const say = (line: string) => {
    byId('took').textContent = line
  }
  const write = async () => {
    const problem = await writing.write()
    if (problem !== undefined) showProblem(problem)
    return problem
  }
  const setting = new CurrentSetting(settingOf(location.hash, sizes) ?? first, (value) => {
    history.replaceState(null, '', `#${linkOf(value)}`)
    void write()
    scoring.wait()
  })
  const edits = new EditList(known, setting, say)
  const writing = new Writing(writer, known, setting, edits, () => {
    byId('status').textContent = `Ready after ${((performance.now() - begun) / 1000).toFixed(1)} s.`
  })
  const scoring = new Scoring(playground.tasks, setting, startScorer)

  const prompt = byId<HTMLTextAreaElement>('prompt')
  /** Shows a whole setting: what is typed or dragged shows itself. */
  const show = () => {
    prompt.value = setting.value.prompt
    edits.show()
  }
  const changeTo = (part: Partial<Setting>) => {
    setting.change(part)
    show()
  }
  prompt.addEventListener('input', () => setting.change({ prompt: prompt.value }))
  byId('prompts').replaceChildren(
    ...playground.prompts.map((text) => {
      const button = make('button', { type: 'button' }, shortened(text))
      button.addEventListener('click', () => changeTo({ prompt: text }))
      return button
    }),
  )
  latentSearch(latents, known.saeNames, (sae, latent) => edits.add(sae, latent))
  takeAwayButtons(writer, setting, playground.command, say)
  byId('reset').addEventListener('click', () => {
    changeTo(first)
    say('')
  })
  window.addEventListener('hashchange', () => {
    const linked = settingOf(location.hash, sizes)
    if (linked !== null) changeTo(linked)
  })

  show()
  byId('status').textContent = 'Writing…'
  // the rest waits for the first text: all at once would be slow
  await write()
  void scoring.score()
}

/** Characters of a beginning that its button shows. */
const shownCharacters = 80

/** Of a long beginning its end: with few-shot examples all begin in the same way. */
function shortened(text: string): string {
  const characters = [...text]
  return characters.length <= shownCharacters ? text : `…${characters.slice(1 - shownCharacters).join('')}`
}

/** Shows what is wrong, or that nothing is any more. */
function showProblem(sentence: string | null): void {
  const status = byId('status')
  const isOver = sentence === null && status.classList.contains('problem')
  status.classList.toggle('problem', sentence !== null)
  if (sentence !== null) status.textContent = sentence
  else if (isOver) status.textContent = 'Ready.'
}
