import { hubFetch } from './hub-fetch.js'
import { hubLibrary } from './hub-library.js'
import { type HubOptions, hubSettings } from './hub-settings.js'
import { InputError } from './input-error.js'
import type { RepositoryType } from './repository.js'

/** A file that goes into a repository. */
export interface UploadedFile {
  /** Path in the repository, with forward slashes. */
  readonly path: string
  readonly content: Blob
}

/** Repositories of one type that an account may write to. No message ever holds the token. */
export interface RepositoryWriter {
  /** Name of the account that the token belongs to; InputError for a token that the hub does not take. */
  account(): Promise<string>
  /** Makes a repository where there is none yet; one that is there stays as it is. */
  create(name: string, isPrivate: boolean): Promise<void>
  /** Lets readers in only after they have asked (and at once then), as the hub's setting "gated: auto". */
  gate(name: string): Promise<void>
  /** One commit to the main branch. */
  upload(name: string, files: readonly UploadedFile[], title: string): Promise<void>
  /** One commit to the main branch, in which the files with the paths `gone` go. */
  replace(name: string, files: readonly UploadedFile[], gone: readonly string[], title: string): Promise<void>
  /** Paths of all files of the main branch, sorted. */
  list(name: string): Promise<string[]>
  /** A file of the main branch as text, of `most` bytes at most. */
  text(name: string, path: string, most: number): Promise<string>
}

/** Opens the hub for writing with `token`, else with the token that reading takes too. Throws InputError where there is none. */
export async function openRepositoryWriter(
  type: RepositoryType,
  token: string | null,
  options: HubOptions = {},
): Promise<RepositoryWriter> {
  const given = token ?? (await hubSettings(options.env).token())
  if (given === null)
    throw new InputError('writing to the Hugging Face Hub needs a token; set HF_TOKEN to one that may write')
  if (hubSettings(options.env).offline)
    throw new InputError('writing to the Hugging Face Hub needs the network, and HF_HUB_OFFLINE is set')
  const settings = { ...options, env: { ...(options.env ?? process.env), HF_TOKEN: given } }
  const { endpoint } = hubSettings(settings.env)
  const { commit, createRepo, HubApiError, whoAmI } = await hubLibrary()
  const shared = (name: string) => ({
    hubUrl: endpoint,
    accessToken: given,
    fetch: hubFetch({ type, name, revision: 'main' }, settings),
  })
  const repo = (name: string) => ({ type, name })
  const list = async (name: string) => {
    const { hubEntries } = await import('./hub-entries.js')
    const entries = await hubEntries({ type, name, revision: 'main', commit: 'main' }, settings)
    return entries.map(({ path }) => path).sort()
  }
  const change = async (name: string, files: readonly UploadedFile[], gone: readonly string[], title: string) => {
    await commit({
      ...shared(name),
      repo: repo(name),
      operations: [
        ...files.map(({ path, content }) => ({ operation: 'addOrUpdate' as const, path, content })),
        ...gone.map((path) => ({ operation: 'delete' as const, path })),
      ],
      title,
      useXet: false,
      ...(options.signal ? { abortSignal: options.signal } : {}),
    })
  }
  return {
    account: async () => (await whoAmI(shared('your account'))).name,
    create: async (name, isPrivate) => {
      // 409: it is there
      const fetch = hubFetch({ type, name, revision: 'main' }, settings, { answers: [409] })
      try {
        await createRepo({
          ...shared(name),
          fetch,
          repo: repo(name),
          visibility: isPrivate ? 'private' : 'public',
        })
      } catch (cause) {
        if (!(cause instanceof HubApiError && cause.statusCode === 409)) throw cause
      }
    },
    gate: async (name) => {
      await shared(name).fetch(`${endpoint}/api/${type}s/${name}/settings`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ gated: 'auto' }),
      })
    },
    upload: (name, files, title) => change(name, files, [], title),
    replace: change,
    list,
    text: async (name, path, most) => {
      const fetch = hubFetch({ type, name, revision: 'main' }, settings, { most })
      const above = type === 'model' ? '' : `${type}s/`
      const place = path.split('/').map(encodeURIComponent).join('/')
      const answer = await fetch(`${endpoint}/${above}${name}/resolve/main/${place}`)
      if (!answer.ok) throw new InputError(`${name} has no file ${path}`)
      return answer.text()
    },
  }
}
