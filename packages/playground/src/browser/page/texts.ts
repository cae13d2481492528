import type { NextToken, Parts, ShownText, ShownToken } from '../protocol.js'
import { byId, make } from './elements.js'
import { showTokens } from './token-row.js'

/** Shows a text: each token coloured by how active the first edited latent is on it. `onToken` is told which token was chosen. */
export function showText(
  { side, prompt, tokens }: ShownText,
  most: number,
  onToken: (index: number, token: ShownToken) => void,
): void {
  const place = byId(side)
  place.classList.remove('waiting')
  const chosen: { readonly element: HTMLElement; readonly index: number; readonly token: ShownToken }[] = []
  const parts = [...prompt, ...tokens].map((token, index) => {
    // what is no text (the token that begins every text) cannot be chosen
    if (token.text.trim() === '') return document.createTextNode(token.text)
    const element = tokenElement(token, index < prompt.length ? 'beginning' : 'fresh', most)
    chosen.push({ element, index, token })
    return element
  })
  showTokens(
    place,
    parts,
    chosen.map(({ element }) => element),
    (at) => onToken(chosen[at]!.index, chosen[at]!.token),
  )
}

/** Says where only the end of a beginning is read. */
export function sayCut({ isCut, prompt }: ShownText, maxLength: number): void {
  const note = byId('cut')
  const line = isCut
    ? `The model takes ${maxLength} tokens: of this beginning the last ${prompt.length} are read, as in a run.`
    : ''
  // said once, not with every token
  if (note.textContent !== line) note.textContent = line
}

/** A token that can be chosen; what its colour says is in its name, too. */
function tokenElement({ text, activations }: ShownToken, className: string, most: number): HTMLElement {
  const element = make('span', { className, role: 'button' }, text)
  element.setAttribute('aria-roledescription', 'token')
  const [activation = 0] = activations
  if (activation > 0) {
    // ten shades, which the style sheet has: so it decides for light and dark
    element.classList.add(`shade-${Math.max(1, Math.min(10, Math.ceil((10 * activation) / most)))}`)
    element.title = `activation ${activation.toFixed(2)}`
    element.ariaLabel = `${text.trim()}, activation ${activation.toFixed(2)}`
  }
  return element
}

/** Shows what may come next, with and without the edits. */
export function showNext(next: readonly NextToken[]): void {
  const row = ({ text, plain, steered }: NextToken) =>
    make('tr', {}, make('th', { scope: 'row' }, visible(text)), share(plain, ''), share(steered, 'steered'))
  byId('next')
    .querySelector('tbody')!
    .replaceChildren(...next.map(row))
}

function share(value: number, className: string): HTMLTableCellElement {
  const bar = make('span', { className: 'bar' })
  bar.style.width = `${(100 * value).toFixed(1)}%`
  return make('td', { className }, `${(100 * value).toFixed(1)} %`, bar)
}

/** A token whose spaces and line ends can be seen. */
export function visible(text: string): string {
  return text.replaceAll(' ', '␣').replaceAll('\n', '↵').replaceAll('\t', '⇥')
}

/** What is shown of a token that was chosen. */
export interface ChosenToken {
  /** What is active on it, in the model as it is. */
  readonly active: Parts['look']['active']
  /** As the text shows it, with the edits. */
  readonly shown: ShownToken
}

/** The latents that are active on a token; `add` puts one among the edits. */
export function showActive(
  { active, shown: { text, activations } }: ChosenToken,
  nameOf: (sae: number, latent: number) => string,
  add: (sae: number, latent: number) => void,
): void {
  const [first = 0] = activations
  const items = active.map(({ sae, latent, activation }) => {
    const button = make('button', { type: 'button' }, `${nameOf(sae, latent)}: ${activation.toFixed(1)}`)
    button.addEventListener('click', () => add(sae, latent))
    return make('li', {}, button)
  })
  const what =
    items.length === 0
      ? `No latent is active on “${visible(text)}” in the model as it is`
      : `Active on “${visible(text)}” in the model as it is; choose one to steer by it`
  const colour = first > 0 ? ` (its colour: the first latent is ${first.toFixed(2)})` : ''
  inActive(`${what}${colour}`, items)
}

/** Says why it is not known what is active. */
export function sayNotActive(sentence: string): void {
  inActive(sentence, [])
}

function inActive(line: string, items: readonly HTMLLIElement[]): void {
  const place = byId('active')
  place.hidden = false
  // a line that readers are told of, and a list that they find behind the texts
  byId('active-what').textContent = line
  byId('active-list').replaceChildren(...items)
  place.scrollIntoView({ block: 'nearest' })
}
