import { InputError } from '@saeval/hub'

/** lm_eval's levels, each of which shows what those after it show and more. */
export const verbosities = ['DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const
export type Verbosity = (typeof verbosities)[number]

/** The flags that say how much a command tells of itself. */
export interface VerbosityOptions {
  readonly verbosity?: string | undefined
  readonly quiet?: boolean | undefined
}

/**
 * How much a command tells: --quiet, else LMEVAL_LOG_LEVEL, which stands above the flag in lm_eval too, else --verbosity, else INFO. Throws
 * InputError for a name that is none.
 */
export function readVerbosity({ verbosity = 'INFO', quiet = false }: VerbosityOptions, env = process.env): Verbosity {
  const given = verbosity.toUpperCase()
  if (!isVerbosity(given)) throw new InputError(`--verbosity ${verbosity}: expected ${verbosities.join(', ')}`)
  if (quiet) return 'WARNING'
  const level = env.LMEVAL_LOG_LEVEL?.toUpperCase() ?? ''
  return isVerbosity(level) ? level : given
}

function isVerbosity(text: string): text is Verbosity {
  return (verbosities as readonly string[]).includes(text)
}
