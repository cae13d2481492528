import type { NextToken, Parts, ShownText, ShownToken } from '../protocol.js'
import { byId, make } from './elements.js'

/** Shows a text: each token coloured by how active the first edited latent is on it. `onToken` is told which token of the beginning was chosen. */
export function showText({ side, prompt, tokens }: ShownText, most: number, onToken: (index: number) => void): void {
  const place = byId(side)
  place.classList.remove('waiting')
  const beginning = prompt.map((token, index) => {
    // what is no text (the token that begins every text) cannot be chosen
    if (token.text.trim() === '') return document.createTextNode(token.text)
    const button = make('button', { type: 'button' }, token.text)
    button.addEventListener('click', () => onToken(index))
    return coloured(button, token, most)
  })
  place.replaceChildren(...beginning, ...tokens.map((token) => coloured(make('span', {}, token.text), token, most)))
}

function coloured(element: HTMLElement, { activations }: ShownToken, most: number): HTMLElement {
  const [activation = 0] = activations
  if (activation > 0) {
    // ten shades, which the style sheet has: so it decides for light and dark
    element.classList.add(`shade-${Math.max(1, Math.min(10, Math.ceil((10 * activation) / most)))}`)
    element.title = `activation ${activation.toFixed(2)}`
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

/** The latents that are active on a token; `add` puts one among the edits. */
export function showActive(
  { text, active }: Parts['look']['tokens'][number],
  nameOf: (sae: number, latent: number) => string,
  add: (sae: number, latent: number) => void,
): void {
  const place = byId('active')
  const items = active.map(({ sae, latent, activation }) => {
    const button = make('button', { type: 'button' }, `${nameOf(sae, latent)}: ${activation.toFixed(1)}`)
    button.addEventListener('click', () => add(sae, latent))
    return make('li', {}, button)
  })
  place.hidden = false
  place.replaceChildren(
    make(
      'strong',
      {},
      items.length === 0
        ? `No latent is active on “${visible(text)}”`
        : `Active on “${visible(text)}”; choose one to steer by it`,
    ),
    make('ul', {}, ...items),
  )
}
