/** The model of a crosscoder of two that is run. */
export type CrosscoderSide = 'base' | 'chat'

/** A way to read an id that may name a crosscoder. */
export interface CrosscoderPlace {
  /** Folder or beginning of a file's name; "" for the root. */
  readonly path: string
  /** What the crosscoder reads and writes, where the id names it; null otherwise. */
  readonly hookPoints: readonly string[] | null
  readonly side: CrosscoderSide | null
}

/**
 * The ways to read an id as a crosscoder's, most literal first. It ends in "base" or "chat" where two models are compared, and before that in hook points
 * where its files name none: "runs/3/blocks.13.hook_resid_post/chat", or of several layers "blocks.0_1_2.hook_resid_post".
 */
export function crosscoderPlaces(id: string): CrosscoderPlace[] {
  const parts = id === '.' || id === '' ? [] : id.split('/')
  const last = parts.at(-1)
  const side = last === 'base' || last === 'chat' ? last : null
  const rest = side === null ? parts : parts.slice(0, -1)
  const literal: CrosscoderPlace = { path: rest.join('/'), hookPoints: null, side }
  const hookPoints = namedHookPoints(rest.at(-1) ?? '')
  return hookPoints === null ? [literal] : [literal, { path: rest.slice(0, -1).join('/'), hookPoints, side }]
}

function namedHookPoints(name: string): string[] | null {
  const found = /^blocks\.(\d+(?:_\d+)*)\.([\w.]+)$/.exec(name)
  return found === null ? null : found[1]!.split('_').map((layer) => `blocks.${Number(layer)}.${found[2]}`)
}

/** The configuration files that a crosscoder at a path may have. */
export function crosscoderConfigs(path: string): string[] {
  const inside = path === '' ? '' : `${path}/`
  return [`${inside}cfg.json`, ...(path === '' ? [] : [`${path}_cfg.json`]), `${inside}config.json`]
}
