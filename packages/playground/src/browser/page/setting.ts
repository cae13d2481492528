import { type Action, actions, type Edit, largestCoefficient } from '../edit.js'

/** What the page shows: all of it, so that a link says it. */
export interface Setting {
  readonly prompt: string
  readonly edits: readonly Edit[]
}

/** Edits on a page at most. */
const mostEdits = 8

/** The part of a link after "#". */
export function linkOf({ prompt, edits }: Setting): string {
  const parameters = new URLSearchParams({ prompt })
  for (const { sae, latent, action, coefficient } of edits)
    parameters.append('edit', [sae, latent, action, coefficient].join(' '))
  return parameters.toString()
}

/** What a link says; null where it says nothing. Edits that the page does not have are left out. */
export function settingOf(hash: string, sizes: readonly number[]): Setting | null {
  const parameters = new URLSearchParams(hash.replace(/^#/, ''))
  const prompt = parameters.get('prompt')
  if (prompt === null) return null
  return {
    prompt,
    edits: parameters
      .getAll('edit')
      .slice(0, mostEdits)
      .flatMap((text) => editOf(text, sizes) ?? []),
  }
}

function editOf(text: string, sizes: readonly number[]): Edit | null {
  // a number as JavaScript writes it
  const [, sae = '', latent = '', action = '', number = ''] =
    /^(\d{1,3}) (\d{1,9}) (\w+) (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(text) ?? []
  const size = sizes[Number(sae)]
  if (sae === '' || size === undefined || Number(latent) >= size || !isAction(action)) return null
  const coefficient = Number(number)
  if (Math.abs(coefficient) > largestCoefficient) return null
  return { sae: Number(sae), latent: Number(latent), action, coefficient }
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
