import type { Generation, GenerationLatent, Generations, GenerationToken } from '@saeval/steering'
import { escapeHtml } from './escape.js'
import { page } from './page.js'

/** Renders continuations side by side as one HTML page that needs nothing else: tokens coloured by what a reader picks. */
export function renderGenerations(generations: Generations, options: { readonly title?: string } = {}): string {
  const { prompts, latents, unread, model, edits } = generations
  const title = options.title ?? `Steering ${model}`
  const colours = latents.flatMap((latent, index) => [
    [`u${index}`, `${latentName(latent)}, read by the unsteered model`],
    [`a${index}`, `${latentName(latent)}, edits applied`],
  ])
  colours.push(['p', 'surprise to the unsteered model'])
  const most = new Map(colours.map(([key]) => [key!, largestOf(generations, key!)]))
  const first = colours[0]![0]!
  const sections = prompts.map(
    ({ prompt, settings }) => `<section><h2 class="prompt">${escapeHtml(prompt)}</h2>
<div class="texts">${settings.map((setting) => card(setting, latents)).join('\n')}</div></section>`,
  )
  const body = `<header><h1>${escapeHtml(title)}</h1>
${[...edits, ...unread].map((line) => `<p class="soft">${escapeHtml(String(line))}</p>`).join('\n')}</header>
<div class="controls"><label>Colour tokens by<select id="colour">${colours
    .map(([key, name]) => `<option value="${key}" data-most="${most.get(key!)}">${escapeHtml(name!)}</option>`)
    .join('')}</select></label><span class="soft" id="scale">${scaleText(most.get(first)!)}</span></div>
${sections.join('\n')}
<section><h2>Options</h2>
<pre>${escapeHtml(JSON.stringify(generations.options, null, 2))}</pre></section>`
  return page({ title, style: tokenStyle, body, scripts: ['generations-page'] })
}

function latentName({ latent, sae_id: id, description }: GenerationLatent): string {
  return `latent ${latent}${description === '' ? '' : ` (${description})`} of ${id}`
}

function card({ label, text, tokens, steered }: Generation, latents: readonly GenerationLatent[]): string {
  const mean = tokens.reduce((sum, token) => sum + token.unsteered_logprob, 0) / Math.max(1, tokens.length)
  const note = tokens.length === 0 ? 'nothing' : `${mean.toFixed(2)} nats per token to the unsteered model`
  const whole = tokens.map((token) => token.text).join('')
  const cut = whole.startsWith(text) && text.length < whole.length ? text.length : whole.length
  let at = 0
  const spans = tokens.map((token) => {
    const isAfter = at >= cut && cut < whole.length
    at += token.text.length
    return span(token, latents, isAfter)
  })
  return `<article class="text${steered ? '' : ' baseline'}"><h3>${escapeHtml(label)}</h3><p class="tokens">${spans.join('')}</p><small>${note}</small></article>`
}

function span(token: GenerationToken, latents: readonly GenerationLatent[], isAfter: boolean): string {
  const said = [
    JSON.stringify(token.text),
    `log-probability ${token.logprob.toFixed(2)}, unsteered ${token.unsteered_logprob.toFixed(2)}`,
    ...latents.map(
      (latent, index) =>
        `latent ${latent.latent}: ${number(token.unsteered_activations[index]!)} read unsteered, ${number(token.activations[index]!)} edits applied`,
    ),
  ].join('\n')
  const values = [
    ...token.unsteered_activations.map((value, index) => `data-u${index}="${number(value)}"`),
    ...token.activations.map((value, index) => `data-a${index}="${number(value)}"`),
    `data-p="${number(-token.unsteered_logprob)}"`,
  ].join(' ')
  return `<span tabindex="0" role="img"${isAfter ? ' class="after"' : ''} ${values} aria-label="${escapeHtml(said)}">${escapeHtml(token.text) || '<i>·</i>'}</span>`
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function strengthOf(token: GenerationToken, key: string): number {
  if (key === 'p') return -token.unsteered_logprob
  return (key[0] === 'u' ? token.unsteered_activations : token.activations)[Number(key.slice(1))]!
}

/** The value of the strongest colour; above 0. */
function largestOf({ prompts }: Generations, key: string): number {
  let most = 0
  for (const { settings } of prompts)
    for (const { tokens } of settings) for (const token of tokens) most = Math.max(most, strengthOf(token, key))
  return most > 0 ? Number(most.toPrecision(4)) : 1
}

function scaleText(most: number): string {
  return `strongest colour: ${most}`
}

const tokenStyle = `
.controls label { max-width: 100%; grid-template-columns: minmax(0, 1fr); } .prompt { white-space: pre-wrap; overflow-wrap: anywhere; }
.texts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 19rem), 1fr)); gap: 1rem; }
.text { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem .75rem; } .text.baseline { background: var(--raised); }
.text h3 { margin: .25rem 0 .5rem; } .tokens { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0 0 .5rem; line-height: 1.7; }
.tokens span { background: color-mix(in srgb, var(--mark) calc(var(--s) * 55%), transparent); border-radius: .2rem; padding: .1rem 0; }
.tokens span:hover, .tokens span:focus { outline: 2px solid var(--ink); outline-offset: 0; } .tokens .after { opacity: .45; }
#tip { white-space: pre-line; }
@media print { .tokens span { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
`
