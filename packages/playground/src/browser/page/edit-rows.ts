import { type Action, actions, type Edit, largestCoefficient } from '../edit.js'
import type { Latent } from '../protocol.js'
import { make } from './elements.js'

/** What the actions are called. */
const names: Readonly<Record<Action, string>> = {
  add: 'add everywhere',
  clamp_active: 'set where it is active',
  clamp: 'set everywhere',
  scale: 'multiply',
  ablate: 'remove',
}

/** What a row of the page needs to know of its latent. */
export interface EditedLatent {
  readonly latent: Latent
  /** Name of its SAE. */
  readonly sae: string
}

export interface EditRowEvents {
  readonly onChange: (edit: Edit) => void
  readonly onRemove: () => void
}

/** What a latent is called on the page. */
export function latentName({ latent, label }: Latent): string {
  return label === null ? `latent ${latent}` : label
}

/** One edit: a slider, the same number as text, its action, and a button that removes it. */
export function editRow(edit: Edit, { latent, sae }: EditedLatent, events: EditRowEvents): HTMLFieldSetElement {
  const name = latentName(latent)
  const most = 2 * Math.max(1, Math.ceil(latent.maxActivation ?? 20))
  const range = make('input', { type: 'range', ariaLabel: `Strength of ${name}` })
  const number = make('input', { type: 'number', step: 'any', ariaLabel: `Strength of ${name} as a number` })
  const action = make('select', { ariaLabel: `What is done to ${name}` })
  action.append(...actions.map((value) => make('option', { value }, names[value])))
  let now = edit
  const show = () => {
    const isFactor = now.action === 'scale'
    range.min = String(isFactor ? -2 : -most)
    range.max = String(isFactor ? 4 : most)
    range.step = isFactor ? '0.1' : '0.5'
    range.value = String(now.coefficient)
    // what is being typed stays as it is
    if (document.activeElement !== number) number.value = String(now.coefficient)
    action.value = now.action
    range.disabled = number.disabled = now.action === 'ablate'
  }
  const change = (part: Partial<Edit>) => {
    now = { ...now, ...part }
    show()
    events.onChange(now)
  }
  show()
  range.addEventListener('input', () => change({ coefficient: range.valueAsNumber }))
  number.addEventListener('input', () => {
    const value = number.valueAsNumber
    // "-" alone is no number yet
    if (Number.isFinite(value))
      change({ coefficient: Math.max(-largestCoefficient, Math.min(largestCoefficient, value)) })
  })
  number.addEventListener('blur', show)
  action.addEventListener('change', () => {
    const chosen = action.value as Action
    // a factor of 25 or an addend of 1 would be no sensible beginning
    const isOther = (chosen === 'scale') !== (now.action === 'scale')
    change({ action: chosen, ...(isOther ? { coefficient: chosen === 'scale' ? 1 : 0 } : {}) })
  })
  const remove = make('button', { type: 'button', ariaLabel: `Take away: ${name}` }, 'Take away')
  remove.addEventListener('click', events.onRemove)
  return make(
    'fieldset',
    { className: 'edit' },
    make('legend', {}, name, make('small', {}, `latent ${latent.latent}, ${sae}`)),
    make('div', { className: 'row' }, range, number),
    make('div', { className: 'row' }, action, remove),
  )
}
