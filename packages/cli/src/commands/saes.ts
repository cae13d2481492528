import { didYouMean, InputError } from '@saeval/hub'
import {
  describeListed,
  findNeuronpedia,
  type ListedSae,
  parseWidth,
  type Release,
  releases,
  type SaeSearch,
  searchSaes,
} from '@saeval/sae-core'
import { csvRow, type LabelledLatent, labelledLatents } from './labelled-latents.js'
import type { Surroundings } from './run.js'

/** Flags of `saeval saes`, as commander gives them. */
export interface SaesOptions {
  readonly model?: string
  readonly layer?: string
  readonly hook?: string
  readonly width?: string
  readonly features?: string
  readonly json?: boolean
}

/** `saeval saes`: prints the SAEs that fit, or the releases when nothing is asked for. */
export async function saes(name: string | null, options: SaesOptions, { stdout }: Surroundings): Promise<void> {
  const { features } = options
  if (features !== undefined) {
    const other = (['model', 'layer', 'hook', 'width'] as const).find((flag) => options[flag] !== undefined)
    if (other !== undefined) throw new InputError(`--${other} searches SAEs and --features latents; give one of them`)
    const latents = await labelledLatents(features, name)
    stdout.write(options.json ? json(latents) : latentText(latents))
    return
  }
  const search = searchOf(name, options)
  if (isReference(name)) {
    const { listed, latent } = referenced(name!)
    const row = csvRow(listed.release.release, listed.sae.id, latent, null)
    const record = [{ ...saeRecord(listed), latent, csv: row }]
    stdout.write(options.json ? json(record) : `${table([saeRow(listed)], saeHeader)}\n${rowNote}\n${row}`)
    return
  }
  if (Object.keys(search).length === 0) {
    const all = [...releases().values()]
    stdout.write(options.json ? json(all.map(releaseRecord)) : table(all.map(releaseRow), releaseHeader))
    return
  }
  const listed = searchSaes(search)
  if (listed.length === 0) throw new InputError(nothingFound(search))
  stdout.write(options.json ? json(listed.map(saeRecord)) : table(listed.map(saeRow), saeHeader))
}

function searchOf(name: string | null, { model, layer, hook, width }: SaesOptions): SaeSearch {
  if (layer !== undefined && !/^\d+$/.test(layer))
    throw new InputError(`--layer ${layer}: expected a whole number from 0`)
  return {
    ...(name === null ? {} : { name }),
    ...(model === undefined ? {} : { model }),
    ...(layer === undefined ? {} : { layer: Number(layer) }),
    ...(hook === undefined ? {} : { hook }),
    ...(width === undefined ? {} : { width: parseWidth(width) }),
  }
}

/** "model/sae/latent" or an address; SAE ids with slashes do not end in a number alone. */
function isReference(name: string | null): boolean {
  return name !== null && (/neuronpedia\.org\//i.test(name) || /^[\w.-]+\/[\w.-]+\/\d+$/.test(name))
}

function referenced(reference: string): { readonly listed: ListedSae; readonly latent: number } {
  const { sae, latent } = findNeuronpedia(reference)
  const release = releases().get(sae.release)!
  return { listed: describeListed(release, release.saes.find(({ id }) => id === sae.id)!), latent }
}

const rowNote =
  'A steering CSV for it ("saeval inspect" says which coefficient is sensible; docs/steering.md has the other actions):'

function latentText(latents: readonly LabelledLatent[]): string {
  const rows = latents.map(({ sae_release: release, sae_id: id, latent, label, max_activation: most }) => [
    release,
    id,
    String(latent),
    text(most),
    label,
  ])
  const [first] = latents
  const row = csvRow(first!.sae_release, first!.sae_id, first!.latent, first!.label)
  return `${table(rows, ['release', 'id', 'latent', 'max', 'label'])}\n${rowNote.replace('it', 'the first')}\n${row}`
}

function nothingFound(search: SaeSearch): string {
  const all = [...releases().values()]
  const hints = [
    search.name === undefined ? '' : didYouMean(search.name, releases().keys()),
    search.model === undefined ? '' : didYouMean(search.model, new Set(all.map(({ model }) => model))),
  ]
  const asked = Object.entries(search).map(([name, value]) => `${name} ${value}`)
  return `SAELens' registry has no SAE with ${asked.join(', ')}${hints.find((hint) => hint !== '') ?? ''}`
}

const releaseHeader = ['release', 'model', 'SAEs', 'repository']
const releaseRow = ({ release, model, saes: list, repository }: Release) => [
  release,
  model,
  String(list.length),
  repository,
]
const releaseRecord = ({ release, model, saes: list, repository }: Release) => ({
  release,
  model,
  saes: list.length,
  repository,
})

const saeHeader = ['release', 'id', 'model', 'hook point', 'width', 'L0', 'Neuronpedia']
const text = (value: string | number | null) => (value === null ? '' : String(value))
const saeRow = ({ release, sae, hookPoint, width }: ListedSae) =>
  [release.release, sae.id, release.model, hookPoint, width, sae.l0, sae.neuronpedia].map(text)
const saeRecord = ({ release, sae, layer, hookPoint, width }: ListedSae) => ({
  sae_release: release.release,
  sae_id: sae.id,
  model: release.model,
  layer,
  hook_point: hookPoint,
  width,
  l0: sae.l0,
  variance_explained: sae.varianceExplained,
  neuronpedia: sae.neuronpedia,
  repository: release.repository,
  path: sae.path,
})

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** Columns side by side, as wide as their widest cell. */
function table(rows: readonly (readonly string[])[], header: readonly string[]): string {
  const lines = [header, ...rows]
  const widths = header.map((_, column) => lines.reduce((most, line) => Math.max(most, line[column]!.length), 0))
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
