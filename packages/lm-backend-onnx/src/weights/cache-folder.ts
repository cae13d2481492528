import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The folder in which saeval keeps what it computed from weights: SAEVAL_CACHE, else saeval in XDG_CACHE_HOME, else ~/.cache/saeval. null
 * where SAEVAL_CACHE is "off".
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string | null {
  if (env.SAEVAL_CACHE === 'off') return null
  return env.SAEVAL_CACHE || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'saeval')
}
