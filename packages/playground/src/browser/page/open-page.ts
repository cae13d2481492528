import type { Parts } from '../protocol.js'
import { Checking } from './checking.js'
import { CurrentSetting } from './current-setting.js'
import { EditList } from './edit-list.js'
import { byId, make } from './elements.js'
import { latentSearch } from './latent-search.js'
import { Scoring } from './scoring.js'
import { leftOut, linkOf, type Setting, settingOf } from './setting.js'
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

  const { saes, others = 0 } = playground
  const page = { saes, sizes: latents.map((list) => list.length) }
  const first: Setting = {
    prompt: playground.prompts[0] ?? '',
    edits: playground.edits,
  }
  const say = (line: string) => {
    byId('took').textContent = line
  }
  const write = async () => {
    const problem = await writing.write()
    if (problem !== undefined) showProblem(problem)
    if (problem === null) void checking.check()
  }
  const sayLeft = (left: readonly string[]) => {
    byId('left').textContent = leftOut(others, left)
  }
  const linkedFirst = settingOf(location.hash, page)
  sayLeft(linkedFirst?.left ?? [])
  const setting = new CurrentSetting(linkedFirst?.setting ?? first, (value) => {
    history.replaceState(null, '', `#${linkOf(value, saes)}`)
    checking.wait()
    void write()
    scoring.wait()
  })
  const edits = new EditList(known, setting, say)
  const writing = new Writing(writer, known, setting, edits, () => {
    byId('status').textContent = `Ready after ${((performance.now() - begun) / 1000).toFixed(1)} s.`
  })
  const checking = new Checking(writer, setting, edits)
  const scoring = new Scoring(playground, setting, startScorer)

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
  takeAwayButtons(writer, setting, { command: playground.command, refusal: () => checking.check() }, say)
  byId('reset').addEventListener('click', () => {
    changeTo(first)
    sayLeft([])
    say('')
  })
  window.addEventListener('hashchange', () => {
    const linked = settingOf(location.hash, page)
    if (linked === null) return
    changeTo(linked.setting)
    sayLeft(linked.left)
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
