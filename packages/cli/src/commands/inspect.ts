import { readFileSync } from 'node:fs'
import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { plainArguments } from '@saeval/experiments/internal/plain-arguments'
import { InputError } from '@saeval/hub'
import type { PyDict } from '@saeval/python'
import { findNeuronpedia, findSae } from '@saeval/sae-core'
import { type Inspection, inspect as inspectSae } from '@saeval/steering'
import { type DeviceFlags, deviceOf } from '../options/device-options.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import type { Surroundings } from './run.js'

export interface InspectCommandOptions extends VerbosityOptions, DeviceFlags {
  readonly model_args: PyDict
  readonly sae_release: string
  readonly sae_id?: string
  readonly latents?: readonly number[]
  readonly top: number
  readonly file?: string
  readonly json?: boolean
}

/** `saeval inspect <text>`: prints which latents of an SAE are active on each token, and how long the activations are. */
export async function inspect(
  words: readonly string[],
  options: InspectCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const text = textOf(words, options.file)
  const terminal = openTerminal(stderr, options)
  const { reference: sae, latents } = saeOf(options)
  try {
    const { inspection, dIn } = await inspectSae({
      modelArgs: plainArguments(options.model_args),
      sae,
      text,
      latents: options.latents ?? latents,
      top: options.top,
      ...deviceOf(options),
      hub: { signal, onProgress: terminal.download, onNotice: terminal.warn },
      onNotice: terminal.notice,
    })
    terminal.clear()
    stdout.write(options.json ? `${JSON.stringify(inspection, null, 2)}\n` : inspectionText(inspection, dIn))
  } finally {
    terminal.clear()
  }
}

/** The SAE by release and id, or by a Neuronpedia reference, which names a latent too. */
function saeOf({ sae_release: release, sae_id: id }: InspectCommandOptions) {
  if (id !== undefined) return { reference: findSae(release, id), latents: [] }
  const { sae, latent } = findNeuronpedia(release)
  return { reference: sae, latents: [latent] }
}

function textOf(words: readonly string[], file: string | undefined): string {
  if (file !== undefined && words.length > 0) throw new InputError('give a text or --file, not both')
  if (file === undefined && words.length === 0)
    throw new InputError('give a text (before -a, or after --), or --file with one')
  if (file === undefined) return words.join(' ')
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InputError(`cannot read --file ${file}`, { cause })
  }
}

function inspectionText(
  { sae_release: release, sae_id: id, hook_point: hookPoint, ...found }: Inspection,
  dIn: number,
): string {
  const { tokens, norms, latents } = found
  const headers = [
    'Position',
    'Token',
    'Norm',
    ...latents.map(({ latent }) => `Latent ${latent}`),
    'Most active latents',
  ]
  const rows = tokens.map(({ position, text, norm, top }) => [
    position,
    JSON.stringify(text),
    round(norm),
    ...latents.map(({ activations }) => round(activations[position]!)),
    top
      .map(({ latent, activation, label }) => `${latent}${inBrackets(label)}: ${activation.toPrecision(3)}`)
      .join(', '),
  ])
  const sizes = latents.map(
    ({ latent, label, max, decoder_norm: norm, coefficient_of_median_norm: coefficient }) =>
      `latent ${latent}${inBrackets(label)}: at most ${max.toPrecision(4)} here; |decoder row| ${norm.toPrecision(4)}, so add ${coefficient.toPrecision(3)} is as long as the median activation\n`,
  )
  return `${release} ${id} at ${hookPoint} (${dIn} numbers)
${markdownTable(headers, rows)}
activations without BOS: median length ${norms.median.toPrecision(4)}, largest ${norms.max.toPrecision(4)}
${sizes.join('')}`
}

function inBrackets(label: string | undefined): string {
  return label === undefined ? '' : ` (${label})`
}

function round(value: number): number {
  return Number(value.toFixed(3))
}
