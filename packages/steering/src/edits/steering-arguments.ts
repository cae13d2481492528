import { InputError, option, sentence } from '@saeval/hub'
import { type PositionSelection, parsePositions } from '@saeval/sae-core'
import { type Unit, units } from '@saeval/steering-csv'

/** Arguments of models that steer with rows. */
export const steeringArguments = {
  positions: 'words',
  skip_positions: 'words',
  unit: 'string',
  features_path: 'string',
  allow_other_model: 'boolean',
  allow_inert_rows: 'boolean',
} as const

/** What holds for rows that do not say it themselves. */
export interface RowDefaults {
  readonly positions: PositionSelection | null
  readonly unit: Unit
}

/** Reads positions, skip_positions and unit. Throws InputError that names the argument. */
export function rowDefaults(args: {
  readonly positions?: string | number
  readonly skip_positions?: string | number
  readonly unit?: string
}): RowDefaults {
  const { unit = 'absolute' } = args
  const known = units.find((candidate) => candidate === unit)
  if (known === undefined)
    throw new InputError(sentence`${option('modelArgs')}: unit is "${unit}", expected ${units.join(', ')}`)
  return { positions: selectionArgument(args), unit: known }
}

/** The selection of positions and skip_positions among the model's arguments; null for every position. */
export function selectionArgument(args: {
  readonly positions?: string | number
  readonly skip_positions?: string | number
}): PositionSelection | null {
  const read = (name: 'positions' | 'skip_positions') => {
    try {
      return parsePositions(String(args[name]))
    } catch (cause) {
      if (InputError.isInstance(cause))
        throw new InputError(sentence`${option('modelArgs')}: ${name}: ${cause}`, { cause })
      throw cause
    }
  }
  if (args.positions === undefined && args.skip_positions === undefined) return null
  return {
    include: args.positions === undefined ? ['all'] : read('positions'),
    exclude: args.skip_positions === undefined ? [] : read('skip_positions'),
  }
}
