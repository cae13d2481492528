import { join } from 'node:path'
import { markdownTable } from '@saeval/eval-harness/internal/results/markdown-table'
import { plainArguments } from '@saeval/experiments/internal/plain-arguments'
import { InputError } from '@saeval/hub'
import { findSae } from '@saeval/sae-core'
import { caaVectors, vectorFromSae } from '@saeval/steering/internal/making/make-vectors'
import { readPairs, type TextPair } from '@saeval/steering/internal/making/read-pairs'
import { layersArgument } from '@saeval/steering/internal/vectors/layer-place'
import {
  checkHeld,
  checkVectorOutput,
  convertVectors,
  writeVectors,
} from '@saeval/steering/internal/vectors/write/write-vectors'
import { deviceOf } from '../options/device-options.js'
import { prepareOutputFile } from '../options/output-file.js'
import { openTerminal, type Terminal } from '../terminal/terminal.js'
import type { Surroundings } from './run.js'
import { type TaskPairsOptions, taskPairs } from './task-pairs.js'
import type { CaaFlags, ConvertFlags, FromSaeFlags } from './vectors-options.js'

/** `saeval vectors convert IN OUT`. */
export async function convert(
  input: string,
  output: string,
  flags: ConvertFlags,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const terminal = openTerminal(stderr, flags)
  prepare(output, flags)
  const lines = await convertVectors({
    input,
    ...target(output, flags),
    layers: layersArgument(flags.layers),
    scale: flags.scale,
    hub: { signal, onProgress: terminal.download, onNotice: terminal.warn },
  })
  terminal.clear()
  for (const line of lines) terminal.warn(line)
  stdout.write(`${output} holds what ${input} does\n`)
}

/** `saeval vectors caa OUT`: writes the vectors and prints how they lie among the pairs, layer by layer. */
export async function caa(output: string, flags: CaaFlags, { stdout, stderr, signal }: Surroundings): Promise<void> {
  const terminal = openTerminal(stderr, flags)
  prepare(output, flags)
  const hub = { signal, onProgress: terminal.download, onNotice: terminal.warn }
  const { pairs, source } = await pairsOf(flags, hub, terminal)
  const { file, vectors } = await caaVectors({
    modelArgs: plainArguments(flags.model_args),
    pairs,
    source,
    layers: layersArgument(flags.layers),
    position: flags.position,
    check: (planned) => checkHeld(planned, target(output, flags)),
    ...deviceOf(flags),
    hub,
    onNotice: terminal.notice,
    signal,
  })
  terminal.clear()
  for (const line of writeVectors(file, target(output, flags))) terminal.warn(line)
  const rows = vectors.map(({ vector: _, ...row }) => row)
  if (flags.json) {
    stdout.write(`${JSON.stringify({ pairs: pairs.length, output, layers: rows }, null, 2)}\n`)
    return
  }
  const headers = ['Layer', 'Length', 'Of the activation', 'Cosine to pairs', 'Pairs that agree']
  const cells = rows.map(({ layer, norm, activationNorm, cosine, agreeing }) => [
    layer,
    round(norm),
    `${round((100 * norm) / activationNorm)} %`,
    round(cosine),
    `${round(100 * agreeing)} %`,
  ])
  stdout.write(`${markdownTable(headers, cells)}\n${output} holds ${rows.length} vectors of ${pairs.length} pairs\n`)
}

/** The pairs of --pairs or of --task, one of which is given. */
async function pairsOf(
  { pairs: path, task: tasks, include_path: includePath = [], limit }: CaaFlags,
  hub: TaskPairsOptions['hub'],
  terminal: Terminal,
): Promise<{ readonly pairs: readonly TextPair[]; readonly source: string }> {
  if (path !== undefined && tasks !== undefined) throw new InputError('--pairs and --task cannot stand together')
  if (tasks !== undefined)
    return {
      pairs: await taskPairs({ tasks, includePath, limit: limit ?? null, hub, terminal }),
      source: tasks.join(', '),
    }
  if (path === undefined) throw new InputError('give --pairs, a file of pairs, or --task, whose answers are paired')
  for (const [flag, isGiven] of [
    ['--include_path', includePath.length > 0],
    ['--limit', limit !== undefined],
  ] as const)
    if (isGiven) throw new InputError(`${flag} has no effect with --pairs; leave it out`)
  return { pairs: await readPairs(path), source: path }
}

/** `saeval vectors from-sae OUT`: writes the vector, or one for each place of a cross-layer transcoder, and prints how the rows lie to it. */
export async function fromSae(
  output: string,
  flags: FromSaeFlags,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const terminal = openTerminal(stderr, flags)
  const { sae_release: release, sae_id: id, latents, weights = latents.map(() => 1) } = flags
  if (id === undefined) throw new InputError('--sae_id is missing: which SAE of the release')
  prepare(output, flags)
  const hub = { signal, onProgress: terminal.download, onNotice: terminal.warn }
  const { file, vectors } = await vectorFromSae({ sae: findSae(release, id), latents, weights, hub })
  terminal.clear()
  for (const line of writeVectors(file, target(output, flags))) terminal.warn(line)
  if (flags.json) {
    const told = vectors.map(({ hookPoint, norm, rows }) => ({ hook_point: hookPoint, norm, latents: rows }))
    stdout.write(`${JSON.stringify({ output, vectors: told }, null, 2)}\n`)
    return
  }
  const cells = vectors.flatMap(({ hookPoint, rows }) =>
    rows.map((row) => [hookPoint, row.latent, row.weight, round(row.norm), round(row.cosine)]),
  )
  const held = vectors.map(({ hookPoint, norm }) => `a vector of length ${round(norm)} for ${hookPoint}`)
  stdout.write(
    `${markdownTable(['Hook point', 'Latent', 'Weight', 'Length of the row', 'Cosine to the sum'], cells)}\n${output} holds ${held.join(', ')}\n`,
  )
}

/** So that what cannot be written shows before the work. */
function prepare(output: string, flags: { readonly to?: string }): void {
  const isFolder = checkVectorOutput({ output, to: flags.to ?? null })
  prepareOutputFile('output', isFolder ? join(output, 'config.json') : output)
}

function target(output: string, { to, model_type: modelType }: { readonly to?: string; readonly model_type?: string }) {
  return { output, to: to ?? null, modelType: modelType ?? null }
}

function round(value: number): number {
  return Number(value.toPrecision(4))
}
