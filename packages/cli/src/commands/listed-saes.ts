import { readFileSync } from 'node:fs'
import { InputError, systemReason } from '@saeval/hub'
import { checked, isObject, objectOf, text } from '@saeval/hub/checks'
import { findSae, type SaeReference } from '@saeval/sae-core'

const schema = objectOf({ sae_release: text, sae_id: text })

/** SAEs of which every latent is meant, and single latents. */
export interface ListedSaes {
  readonly saes: readonly SaeReference[]
  readonly named: readonly { readonly reference: SaeReference; readonly latent: number }[]
}

/** Reads what `saeval saes --json` has printed: SAEs, or latents by their labels. Throws InputError for a file that is something else. */
export function readListedSaes(path: string): ListedSaes {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    const why = cause instanceof SyntaxError ? 'it is no JSON' : (systemReason(cause) ?? String(cause))
    throw new InputError(`--saes ${path}: ${why}; write what "saeval saes … --json" prints into it`, { cause })
  }
  if (!Array.isArray(value) || value.length === 0)
    throw new InputError(`--saes ${path}: expected the list that "saeval saes … --json" prints`)
  const listed = value.map((entry: unknown, at) => {
    const place = `--saes ${path}, entry ${at + 1}`
    const { sae_release: release, sae_id: id } = checked(place, schema, entry)
    const latent = isObject(entry) ? entry.latent : undefined
    if (latent !== undefined && (!Number.isInteger(latent) || (latent as number) < 0))
      throw new InputError(`${place}: latent is ${JSON.stringify(latent)}, expected a whole number from 0`)
    return { reference: findSae(release, id), latent: latent as number | undefined }
  })
  return {
    saes: listed.flatMap(({ reference, latent }) => (latent === undefined ? [reference] : [])),
    named: listed.flatMap(({ reference, latent }) => (latent === undefined ? [] : [{ reference, latent }])),
  }
}
