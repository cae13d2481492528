import { type Action, actions, type Edit, largestCoefficient } from '../edit.js'
import type { Playground } from '../playground.js'

/** What the page shows: all of it, so that a link says it. */
export interface Setting {
  readonly prompt: string
  readonly edits: readonly Edit[]
}

/** What a link says, and its edits that the page cannot show, as they stand in it. */
export interface Linked {
  readonly setting: Setting
  readonly left: readonly string[]
}

/** The SAEs of a page, and how many latents each has. */
export interface PageSaes {
  readonly saes: Playground['saes']
  readonly sizes: readonly number[]
}

/** Edits on a page at most. */
const mostEdits = 8

/** The part of a link after "#". It names the SAEs of its edits, because another page may have others in another order. */
export function linkOf({ prompt, edits }: Setting, saes: Playground['saes']): string {
  const parameters = new URLSearchParams({ prompt })
  const used = [...new Set(edits.map(({ sae }) => sae))]
  for (const sae of used) parameters.append('sae', JSON.stringify([saes[sae]!.release, saes[sae]!.id]))
  for (const { sae, latent, action, coefficient } of edits)
    parameters.append('edit', [used.indexOf(sae), latent, action, coefficient].join(' '))
  return parameters.toString()
}

/** What a link says; null where it says nothing. In a link that names no SAEs edits count those of the page. */
export function settingOf(hash: string, { saes, sizes }: PageSaes): Linked | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const prompt = parameters.get('prompt')
  if (prompt === null) return null
  const names = saes.map(({ release, id }) => JSON.stringify([release, id]))
  const named = parameters.getAll('sae').map((name) => names.indexOf(name))
  const places = named.length > 0 ? named : [...names.keys()]
  const edits: Edit[] = []
  const left: string[] = []
  for (const text of parameters.getAll('edit')) {
    const edit = edits.length < mostEdits ? editOf(text, places, sizes) : null
    if (edit === null) left.push(text)
    else edits.push(edit)
  }
  return { setting: { prompt, edits }, left }
}

function editOf(text: string, places: readonly number[], sizes: readonly number[]): Edit | null {
  // a number as JavaScript writes it
  const [, at = '', latent = '', action = '', number = ''] =
    /^(\d{1,3}) (\d{1,9}) (\w+) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(text) ?? []
  const sae = at === '' ? undefined : places[Number(at)]
  const size = sae === undefined ? undefined : sizes[sae]
  if (sae === undefined || size === undefined || Number(latent) >= size || !isAction(action)) return null
  const coefficient = Number(number)
  if (Math.abs(coefficient) > largestCoefficient) return null
  return { sae, latent: Number(latent), action, coefficient }
}

function isAction(text: string): text is Action {
  return (actions as readonly string[]).includes(text)
}

/** Whether an edit changes anything: what adds nothing is on the page, and in no CSV. */
export function acts({ action, coefficient }: Edit): boolean {
  if (action === 'add') return coefficient !== 0
  return action !== 'scale' || coefficient !== 1
}

/** Whether there is room for one more. */
export function hasRoom({ edits }: Setting): boolean {
  return edits.length < mostEdits
}

/** Edits of a link that are named where they are not shown. */
const mostNamed = 3

/** What is not on the page, in a sentence for each kind; empty where nothing is missing. `others` are the run's own edits that it cannot show. */
export function leftOut(others: number, left: readonly string[]): string {
  const is = (count: number) => (count === 1 ? 'is' : 'are')
  const named = left.slice(0, mostNamed).map((text) => `“${text.slice(0, 60)}”`)
  const more = left.length > mostNamed ? `, and ${left.length - mostNamed} more` : ''
  return [
    others === 0
      ? ''
      : `${others} of the run's edits ${is(others)} not shown: sliders cannot do it, or there is no room.`,
    left.length === 0
      ? ''
      : `${left.length} of the link's edits ${is(left.length)} not shown: there is no room, or this page has no such SAE, latent, action or number (${named.join(', ')}${more}).`,
  ]
    .filter((line) => line !== '')
    .join(' ')
}
