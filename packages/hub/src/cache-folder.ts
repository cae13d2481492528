import { join } from 'node:path'
import type { Environment } from './environment.js'
import { homeFolder } from './home-folder.js'

/**
 * The folder in which saeval keeps what it computed once: SAEVAL_CACHE, else saeval in XDG_CACHE_HOME, else ~/.cache/saeval. null
 * where SAEVAL_CACHE is "off".
 */
export function cacheFolder(env: Environment = process.env): string | null {
  if (env.SAEVAL_CACHE === 'off') return null
  return env.SAEVAL_CACHE || join(env.XDG_CACHE_HOME || join(homeFolder('SAEVAL_CACHE'), '.cache'), 'saeval')
}
