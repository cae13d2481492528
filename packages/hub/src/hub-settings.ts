import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './environment.js'

/** What every hub function takes besides its own arguments. */
export interface HubOptions {
  /** Environment to read HF_* variables from; process.env by default. */
  readonly env?: Environment
  /** The global fetch by default. */
  readonly fetch?: typeof fetch
  /** Called while a file is downloaded; `total` is null when the hub does not say. */
  readonly onProgress?: (progress: {
    readonly repo: string
    readonly path: string
    readonly loaded: number
    readonly total: number | null
  }) => void
  /** Called once for each repository whose cached files are used because the hub cannot be asked. */
  readonly onNotice?: (sentence: string) => void
  readonly signal?: AbortSignal
}

/** The settings that Python's huggingface_hub reads from the environment. */
export interface HubSettings {
  /** Folder of the cache: HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub, ~/.cache/huggingface/hub. */
  readonly cacheFolder: string
  /** HF_ENDPOINT without a final slash. */
  readonly endpoint: string
  /** HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE. */
  readonly offline: boolean
  /** HF_TOKEN, else the token file (HF_TOKEN_PATH, HF_HOME/token); null without either. */
  token(): Promise<string | null>
}

const yes = new Set(['1', 'ON', 'YES', 'TRUE'])

export function hubSettings(env: Environment = process.env): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface')
  return {
    cacheFolder: env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    endpoint: (env.HF_ENDPOINT || 'https://huggingface.co').replace(/\/+$/, ''),
    offline: yes.has((env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE || '').toUpperCase()),
    token: async () => {
      const given = env.HF_TOKEN?.trim() || env.HUGGING_FACE_HUB_TOKEN?.trim()
      if (given) return given
      const text = await readFile(env.HF_TOKEN_PATH || join(home, 'token'), 'utf8').catch(() => '')
      return text.trim() || null
    },
  }
}
