import type { Latent } from '../protocol.js'
import { latentName } from './edit-rows.js'
import { byId, make } from './elements.js'

/** Latents that are shown at most. */
const shown = 8

/** The box in which latents are searched for. */
export function latentSearch(
  latents: readonly (readonly Latent[])[],
  saeNames: readonly string[],
  add: (sae: number, latent: number) => void,
): void {
  const box = byId<HTMLInputElement>('search')
  const list = byId('found')
  const show = () => {
    const wanted = box.value.trim().toLowerCase()
    list.replaceChildren(
      ...found(latents, wanted).map(({ sae, latent }) => {
        const button = make(
          'button',
          { type: 'button' },
          `${latentName(latent)} (latent ${latent.latent}, ${saeNames[sae]!})`,
        )
        button.addEventListener('click', () => {
          add(sae, latent.latent)
          box.value = ''
          show()
          box.focus()
        })
        return make('li', {}, button)
      }),
    )
  }
  box.addEventListener('input', show)
}

function found(
  latents: readonly (readonly Latent[])[],
  wanted: string,
): { readonly sae: number; readonly latent: Latent }[] {
  if (wanted === '') return []
  const all = latents.flatMap((list, sae) => list.map((latent) => ({ sae, latent })))
  const numbered = /^\d+$/.test(wanted) ? all.filter(({ latent }) => latent.latent === Number(wanted)) : []
  const named = all.filter(({ latent }) => latent.label?.toLowerCase().includes(wanted))
  return [...numbered, ...named].slice(0, shown)
}
