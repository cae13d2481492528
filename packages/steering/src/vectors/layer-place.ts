import { InputError, option, type Said, sentence } from '@saeval/hub'
import { shown } from '@saeval/hub/checks'
import type { SteeredEntry, SteeredFile } from './steered-entry.js'

/** The module whose output is the residual stream after a layer, counted from 0. */
export function layerModule(layer: number): string {
  return `layers.${layer}`
}

/** The layer behind whose output a module or hook point of the residual stream stands; null for other places. */
export function residualLayer(hookpoint: string): number | null {
  const found = /^blocks\.(\d+)\.hook_resid_post$|(?:^|\.)(?:layers|h)\.(\d+)$/.exec(hookpoint)
  return found === null ? null : Number(found[1] ?? found[2])
}

/** One name for all spellings of a place: what stands before the layers' list is left out, and outputs of layers are modules. */
export function placeKey(hookpoint: string): string {
  const layer = residualLayer(hookpoint)
  if (layer !== null) return layerModule(layer)
  const found = /(?:^|\.)(?:layers|h)\.(\d+)\.(.+)$/.exec(hookpoint)
  return found === null ? hookpoint : `${layerModule(Number(found[1]))}.${found[2]}`
}

/** The layer that a module or hook point is in; null for what is in none. */
function layerOf(hookpoint: string): number | null {
  const found = /(?:^|\.)(?:blocks|layers|h)\.(\d+)(?:\.|$)/.exec(hookpoint)
  return found === null ? null : Number(found[1])
}

// no model has as many
const mostLayers = 1000

/** Reads the argument `layers`: numbers and half-open ranges, "12" or "3 10:20". Throws InputError for others. */
export function layersArgument(text: string | number | undefined): readonly number[] | null {
  if (text === undefined) return null
  const terms = String(text)
    .split(/\s+/)
    .filter((term) => term !== '')
  const layers = terms.flatMap((term) => {
    const found = /^(\d+)(?::(\d+))?$/.exec(term)
    const from = Number(found?.[1])
    const to = found?.[2] === undefined ? from + 1 : Number(found[2])
    if (found === null || to <= from || to > mostLayers)
      throw new InputError(
        sentence`${option('modelArgs')}: layers is ${shown(String(text))}, expected layers from 0 and half-open ranges, such as 12 or 3 10:20`,
      )
    return Array.from({ length: to - from }, (_, index) => from + index)
  })
  if (terms.length === 0) throw new InputError(sentence`${option('modelArgs')}: layers names none`)
  return [...new Set(layers)]
}

/** The file with those of its entries that are in the wanted layers, which `what` has named. Throws InputError for layers in which it has none. */
export function inLayers(
  file: SteeredFile,
  layers: readonly number[] | null,
  what: Said = sentence`${option('modelArgs')} layers`,
): SteeredFile {
  if (layers === null) return file
  const there = [...new Set(file.entries.flatMap(({ hookpoint }) => layerOf(hookpoint) ?? []))].sort((a, b) => a - b)
  const missing = layers.filter((layer) => !there.includes(layer))
  if (missing.length > 0)
    throw new InputError(
      sentence`${file.path} has nothing for layer ${missing.slice(0, 10).join(', ')}, which ${what} names; it has ${there.length === 0 ? 'no layers' : `layers ${there.slice(0, 100).join(', ')}`}`,
    )
  const wanted = ({ hookpoint }: SteeredEntry) => layers.includes(layerOf(hookpoint) ?? -1)
  return { ...file, entries: file.entries.filter(wanted) }
}
