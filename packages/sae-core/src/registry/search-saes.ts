import { InputError } from '@saeval/hub'
import { isSameModel } from './base-models.js'
import { type RegisteredSae, type Release, releases } from './registry.js'

/** A listed SAE with the facts that its names tell, without opening it; null where they tell nothing. */
export interface ListedSae {
  readonly release: Release
  readonly sae: RegisteredSae
  /** null for SAEs of embeddings too. */
  readonly layer: number | null
  /** Where it writes; transcoders read another hook point. */
  readonly hookPoint: string | null
  /** Number of latents, as its names tell it. */
  readonly width: number | null
}

/** What to look for; every condition that is given must hold. */
export interface SaeSearch {
  /** Model by Hugging Face or TransformerLens name, or a part of it. */
  readonly model?: string
  readonly layer?: number
  /** Hook point, or a part of its name: "resid_post". */
  readonly hook?: string
  /** Number of latents; see parseWidth for "16k". */
  readonly width?: number
  /** A part of release, id or Neuronpedia name. */
  readonly name?: string
}

/** The SAEs of SAELens' registry that fit, in its order. */
export function searchSaes(search: SaeSearch = {}): ListedSae[] {
  const found: ListedSae[] = []
  for (const release of releases().values()) {
    if (search.model !== undefined && !isModel(release.model, search.model)) continue
    for (const sae of release.saes) {
      const listed = describeListed(release, sae)
      if (fits(listed, search)) found.push(listed)
    }
  }
  return found
}

/** Reads "16k" (16384), "1m" or "16384": rounded numbers stand for the power of two near them, if there is one. Throws InputError for anything else. */
export function parseWidth(text: string): number {
  const found = /^(\d+(?:\.\d+)?)([km]?)$/i.exec(text)
  if (!found) throw new InputError(`"${text}" is not a number of latents; expected one like 16384, 16k or 1m`)
  const unit = { k: 1000, m: 1e6 }[found[2]!.toLowerCase()]
  if (unit === undefined) return Number(found[1])
  const rounded = Number(found[1]) * unit
  const power = 2 ** Math.round(Math.log2(rounded))
  return Math.abs(power / rounded - 1) < 0.05 ? power : (rounded / 1000) * 1024
}

/** What the names of a listed SAE tell about it. */
export function describeListed(release: Release, sae: RegisteredSae): ListedSae {
  const layer = layerOf(sae)
  const kind = hookKind(release, sae)
  const hookPoint = kind === 'hook_embed' ? kind : kind === null || layer === null ? null : `blocks.${layer}.${kind}`
  return { release, sae, layer, hookPoint, width: widthOf(release, sae) }
}

function layerOf({ id, path }: RegisteredSae): number | null {
  for (const text of [id, path]) {
    const found = /blocks\.(\d+)\.|layers?_?(\d+)|^l(\d+)[amr]_/i.exec(text)
    const number = found?.slice(1).find((part) => part !== undefined)
    if (number !== undefined) return Number(number)
  }
  return null
}

/** Loaders whose SAEs all sit in one place. */
const kindOfLoader: Readonly<Record<string, string>> = {
  deepseek_r1: 'hook_resid_post',
  dictionary_learning_1: 'hook_resid_post',
  gemma_2_transcoder: 'hook_mlp_out',
  goodfire: 'hook_resid_post',
  llama_scope_r1_distill: 'hook_resid_post',
  mntss_clt_layer_transcoder: 'hook_mlp_out',
  mwhanna_transcoder: 'hook_mlp_out',
  qwen_scope: 'hook_resid_post',
  temporal: 'hook_resid_post',
}

/** A mark in the names of the other formats -> the place. */
const kindOfMark: Readonly<Record<string, readonly (readonly [RegExp, string])[]>> = {
  gemma_2: [
    [/^embedding/, 'hook_embed'],
    [/-res$/, 'hook_resid_post'],
    [/-mlp$/, 'hook_mlp_out'],
    [/-att$/, 'attn.hook_z'],
  ],
  gemma_3: [
    [/^resid_post/, 'hook_resid_post'],
    [/^attn_out/, 'attn.hook_z'],
    [/^mlp_out|^transcoder|^clt/, 'hook_mlp_out'],
  ],
  llama_scope: [
    [/-LXR-/, 'hook_resid_post'],
    [/-LXM-/, 'hook_mlp_out'],
    [/-LXA-/, 'hook_attn_out'],
  ],
}

function hookKind({ loader, repository }: Release, { id, path }: RegisteredSae): string | null {
  const named = /blocks\.\d+\.(?:attn\.)?(hook_(?:resid_(?:pre|mid|post)|attn_out|mlp_out|z))/.exec(id)?.[1]
  if (named !== undefined) return named === 'hook_z' ? 'attn.hook_z' : named
  const marked = kindOfMark[loader]?.find(([mark]) => mark.test(path) || mark.test(repository))?.[1]
  return marked ?? kindOfLoader[loader] ?? null
}

function widthOf({ loader, release, repository }: Release, { id, path }: RegisteredSae): number | null {
  // these names count training tokens, and multiples of d_model
  if (loader === 'llama_scope_r1_distill') return null
  const expansion = loader === 'llama_scope' ? /_(\d+)x$/.exec(id) : null
  if (expansion) return Number(expansion[1]) * 4096
  for (const text of [id, path, release, repository]) {
    const power = /2pow(\d+)/.exec(text)
    if (power) return 2 ** Number(power[1])
    const found = /(?:^|[_/-])(?:width_|w-?)?(\d+)([km])(?=[_/-]|$)/i.exec(text) ?? /_(\d{3,6})(?:_|:|$)/.exec(text)
    if (found) return parseWidth(`${found[1]}${found[2] ?? ''}`)
  }
  return null
}

function isModel(model: string, wanted: string): boolean {
  return isSameModel(model, wanted) || model.toLowerCase().includes(wanted.toLowerCase())
}

function fits({ release, sae, layer, hookPoint, width }: ListedSae, search: SaeSearch): boolean {
  const has = (text: string | null, part: string) => (text ?? '').toLowerCase().includes(part.toLowerCase())
  if (search.layer !== undefined && layer !== search.layer) return false
  if (search.hook !== undefined && !has(hookPoint, search.hook)) return false
  if (search.width !== undefined && width !== search.width) return false
  if (search.name === undefined) return true
  return [release.release, sae.id, sae.neuronpedia].some((text) => has(text, search.name!))
}
