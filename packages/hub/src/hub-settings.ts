import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Environment } from './environment.js'
import { homeFolder } from './home-folder.js'
import type { HubLimits } from './hub-limits.js'
import { InputError } from './input-error.js'

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
  /** Limits that differ from those of the environment. */
  readonly limits?: Partial<HubLimits>
}

/** The settings that Python's huggingface_hub reads from the environment. */
export interface HubSettings {
  /** Folder of the cache: HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub, ~/.cache/huggingface/hub. */
  readonly cacheFolder: string
  /** HF_ENDPOINT without a final slash. InputError, which does not quote it, for one that is no address or holds a password. */
  readonly endpoint: string
  /** HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE. */
  readonly offline: boolean
  /** HF_TOKEN, else the token file (HF_TOKEN_PATH, HF_HOME/token); null without either. InputError, which does not quote it, for one that no header can hold. */
  token(): Promise<string | null>
}

const yes = new Set(['1', 'ON', 'YES', 'TRUE'])

export function hubSettings(env: Environment = process.env): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homeFolder('HF_HOME'), '.cache'), 'huggingface')
  return {
    cacheFolder: env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    get endpoint() {
      return checkedEndpoint(env.HF_ENDPOINT?.trim() || 'https://huggingface.co')
    },
    offline: yes.has((env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE || '').toUpperCase()),
    token: async () => {
      for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
        const given = env[name]?.trim()
        if (given) return checkedToken(given, name)
      }
      const path = env.HF_TOKEN_PATH || join(home, 'token')
      const text = (await tokenText(path)).trim()
      return text === '' ? null : checkedToken(text, `the token file ${path}`)
    },
  }
}

function checkedEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw new InputError('HF_ENDPOINT is not an address like https://huggingface.co')
  if (url.username || url.password)
    throw new InputError(
      'HF_ENDPOINT holds a user or a password, which no request may; give a token in HF_TOKEN instead',
    )
  return text.replace(/\/+$/, '')
}

function checkedToken(text: string, from: string): string {
  if (/^[\x21-\x7e]{1,4096}$/.test(text)) return text
  throw new InputError(
    `${from} holds no token: there are spaces, line breaks or other characters in it that no token has`,
  )
}

/** '' where there is no file; what is no file may have no end. */
async function tokenText(path: string): Promise<string> {
  const isFile = await stat(path).then(
    (found) => found.isFile() && found.size < 65_536,
    () => false,
  )
  return isFile ? readFile(path, 'utf8').catch(() => '') : ''
}
