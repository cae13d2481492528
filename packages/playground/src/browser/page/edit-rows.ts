import { type Action, actions, type Edit, largestCoefficient } from '../edit.js'
import type { Latent } from '../protocol.js'
import { make } from './elements.js'
import { sliderOf } from './slider.js'

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
  const range = make('input', { type: 'range', ariaLabel: `Strength of ${name}` })
  const number = make('input', { type: 'number', step: 'any', ariaLabel: `Strength of ${name} as a number` })
  const action = make('select', { ariaLabel: `What is done to ${name}` })
  action.append(...actions.map((value) => make('option', { value }, names[value])))
  let now = edit
  let slider = sliderOf(now, latent)
  const show = () => {
    range.min = String(slider.min)
    range.max = String(slider.max)
    range.step = String(slider.step)
    range.value = String(now.coefficient)
    // what is being typed stays as it is
    if (document.activeElement !== number) number.value = String(now.coefficient)
    action.value = now.action
    range.disabled = number.disabled = now.action === 'ablate'
  }
  const change = (part: Partial<Edit>) => {
    now = { ...now, ...part }
    // its ends stay where they are while it is dragged, and follow what is typed beyond them
    const reaches = now.coefficient > slider.min && now.coefficient < slider.max
    if (part.action !== undefined || (document.activeElement === number && !reaches)) slider = sliderOf(now, latent)
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
    make('p', { className: 'effect note', role: 'status' }),
  )
}
