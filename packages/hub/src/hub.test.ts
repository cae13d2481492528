import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { commit, type FakeHub, startFakeHub } from './fake-hub.testing.js'
import {
  InputError,
  listRepositoryFiles,
  openRepositoryFile,
  repositoryFile,
  repositoryFileIfPresent,
  resolveRepository,
} from './index.js'

const name = 'someone/thing'
const weights = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251))
const files = { 'config.json': Buffer.from('{"a": 1}'), 'folder/weights one.bin': weights }
let hub: FakeHub
let home: string
let env: Record<string, string>

beforeEach(async () => {
  hub = await startFakeHub(name, files)
  home = temporaryFolder()
  env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint }
})
afterEach(() => hub.close())

const resolve = (revision?: string) =>
  resolveRepository({ type: 'model', name, env, ...(revision ? { revision } : {}) })
const everything = () =>
  (existsSync(home) ? readdirSync(home, { recursive: true, encoding: 'utf8' }) : []).filter((file) =>
    /incomplete|tmp/.test(file),
  )

describe('the cache', () => {
  it('is laid out as huggingface_hub does', async () => {
    const repository = await resolve()
    expect(repository.commit).toBe(commit)
    const folder = join(home, 'hub', 'models--someone--thing')
    expect(readFileSync(join(folder, 'refs', 'main'), 'utf8')).toBe(commit)
    const path = await repositoryFile(repository, 'folder/weights one.bin', { env })
    expect(path).toBe(join(folder, 'snapshots', commit, 'folder', 'weights one.bin'))
    expect(readFileSync(path).equals(weights)).toBe(true)
    expect(readlinkSync(path)).toMatch(/^\.\.\/\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/)
    expect(everything()).toEqual([])
    expect([...hub.tokens.cdn]).toEqual([undefined])
  })

  it('is filled by one of many that share it', async () => {
    const downloads = async (processes: number) => {
      home = temporaryFolder()
      env = { HF_HOME: home, HF_ENDPOINT: hub.endpoint }
      const repository = await resolve()
      const before = hub.log.length
      const paths = await Promise.all(
        Array.from({ length: processes }, () => repositoryFile(repository, 'folder/weights one.bin', { env })),
      )
      expect(new Set(paths).size).toBe(1)
      expect(readFileSync(paths[0]!).equals(weights)).toBe(true)
      expect(everything()).toEqual([])
      expect(readdirSync(join(home, 'hub', 'models--someone--thing', 'blobs')).length).toBe(1)
      return hub.log.slice(before).filter((line) => line.includes('cdn')).length
    }
    // each asks once what there is
    expect(await downloads(3)).toBe((await downloads(1)) + 2)
  })

  it('answers without the network afterwards, and offline', async () => {
    await repositoryFile(await resolve(), 'config.json', { env })
    const before = hub.log.length
    const offline = { ...env, HF_HUB_OFFLINE: '1' }
    const repository = await resolveRepository({ type: 'model', name, env: offline })
    expect(readFileSync(await repositoryFile(repository, 'config.json', { env: offline }), 'utf8')).toBe('{"a": 1}')
    expect((await listRepositoryFiles(repository, { env: offline })).map((file) => file.path)).toEqual(['config.json'])
    await expect(repositoryFile(repository, 'other.json', { env: offline })).rejects.toThrow(
      /other\.json of someone\/thing.*HF_HUB_OFFLINE/,
    )
    expect(hub.log.length).toBe(before)
  })

  it('is used alone for TRANSFORMERS_OFFLINE too, and never for a part of the files', async () => {
    const offline = { ...env, TRANSFORMERS_OFFLINE: '1' }
    const repository = await resolve()
    await repositoryFile(repository, 'config.json', { env })
    const before = hub.log.length
    expect(await resolveRepository({ type: 'model', name, env: offline })).toEqual(repository)
    for (const part of [0, 1])
      writeFileSync(join(repository.snapshotFolder, `test-0000${part}-of-00003.parquet`), 'PAR1')
    await expect(listRepositoryFiles(repository, { env: offline })).rejects.toThrow(
      'the cache holds 2 of the 3 files test-*-of-00003.parquet of someone/thing',
    )
    expect(hub.log.length).toBe(before)
  })

  it('says where it cannot be kept', async () => {
    env.HF_HOME = '/proc/saeval'
    await expect(resolve()).rejects.toThrow(
      /^the Hugging Face cache: cannot write into \/proc\/saeval\/hub.* \(E\w+\)$/,
    )
  })

  it('takes HF_HUB_CACHE and datasets', async () => {
    const cache = join(home, 'elsewhere')
    const repository = await resolveRepository({ type: 'dataset', name, env: { ...env, HF_HUB_CACHE: cache } })
    await repositoryFile(repository, 'config.json', { env: { ...env, HF_HUB_CACHE: cache } })
    expect(existsSync(join(cache, 'datasets--someone--thing', 'snapshots', commit, 'config.json'))).toBe(true)
  })

  it('lists files', async () => {
    expect(await listRepositoryFiles(await resolve(), { env })).toMatchObject([
      { path: 'config.json', size: 8, sha256: null },
      { path: 'folder/weights one.bin', size: weights.length, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ])
  })

  it('can be filled twice at once', async () => {
    const repository = await resolve()
    const paths = await Promise.all([1, 2, 3].map(() => repositoryFile(repository, 'folder/weights one.bin', { env })))
    for (const path of paths) expect(readFileSync(path).equals(weights)).toBe(true)
    expect(everything()).toEqual([])
  })
})

describe('tokens', () => {
  it('come from HF_TOKEN and never go to the download origin', async () => {
    env = { ...env, HF_TOKEN: 'hf_secret' }
    await repositoryFile(await resolve(), 'folder/weights one.bin', { env })
    expect([...hub.tokens.hub]).toEqual(['Bearer hf_secret'])
    expect([...hub.tokens.cdn]).toEqual([undefined])
  })

  it('come from the token file', async () => {
    mkdirSync(home, { recursive: true })
    writeFileSync(join(home, 'token'), 'hf_file\n')
    await resolve()
    expect([...hub.tokens.hub]).toEqual(['Bearer hf_file'])
  })
})

describe('ranges', () => {
  it('read only what is asked for', async () => {
    const file = await openRepositoryFile(await resolve(), 'folder/weights one.bin', { env })
    expect(file.byteLength).toBe(weights.length)
    const before = hub.sent()
    expect(Buffer.from(await file.read(1000, 50)).equals(weights.subarray(1000, 1050))).toBe(true)
    expect(hub.sent() - before).toBe(50)
    await expect(file.read(weights.length - 10, 20)).rejects.toThrow(/the file is damaged/)
    await file.close()
  })

  it('go to the cached file once it is fetched whole', async () => {
    const repository = await resolve()
    const file = await openRepositoryFile(repository, 'folder/weights one.bin', { env })
    expect(file.seekCost).toBeGreaterThan(100_000)
    await Promise.all([file.fetchWhole(), file.fetchWhole()])
    expect(file.seekCost).toBeLessThan(10_000)
    expect(readFileSync(join(repository.snapshotFolder, 'folder', 'weights one.bin')).equals(weights)).toBe(true)
    const before = hub.sent()
    expect(before).toBeLessThan(1.1 * weights.length)
    expect(Buffer.from(await file.read(1000, 50)).equals(weights.subarray(1000, 1050))).toBe(true)
    expect(hub.sent()).toBe(before)
    await file.close()
  })

  it('are still read after a download that failed', async () => {
    const file = await openRepositoryFile(await resolve(), 'folder/weights one.bin', { env })
    hub.setFault((url) => (url.pathname.includes('weights') ? 'wrong bytes' : undefined))
    await expect(file.fetchWhole()).rejects.toThrow(/arrived damaged/)
    hub.setFault(null)
    expect(Buffer.from(await file.read(1000, 50)).equals(weights.subarray(1000, 1050))).toBe(true)
    await file.fetchWhole()
    await file.close()
  })

  it('are not taken from a server that sends the whole file', async () => {
    const file = await openRepositoryFile(await resolve(), 'folder/weights one.bin', { env })
    hub.setFault((url) => (url.pathname.includes('weights') ? 'whole file' : undefined))
    await expect(file.read(1000, 50)).rejects.toThrow(/does not answer range requests/)
  })
})

describe('a connection that breaks', () => {
  it('is resumed where it stopped', async () => {
    const repository = await resolve()
    hub.setFault((url, request, count) =>
      url.pathname.includes('weights') && request.headers.range !== 'bytes=0-0' && count <= 2 ? 'cut' : undefined,
    )
    const path = await repositoryFile(repository, 'folder/weights one.bin', { env })
    expect(readFileSync(path).equals(weights)).toBe(true)
  })

  it('for good leaves nothing that looks whole', async () => {
    const repository = await resolve()
    hub.setFault((url) => (url.pathname.includes('weights') && !url.pathname.includes('resolve') ? 'cut' : undefined))
    await expect(repositoryFile(repository, 'folder/weights one.bin', { env })).rejects.toThrow(
      /broke off at byte|ended at byte|cannot reach/,
    )
    expect(existsSync(join(repository.snapshotFolder, 'folder', 'weights one.bin'))).toBe(false)
    expect(everything()).toEqual([])
  })

  it('that changes bytes is noticed by the SHA-256', async () => {
    const repository = await resolve()
    hub.setFault((url) =>
      url.pathname.includes('weights') && !url.pathname.includes('resolve') ? 'wrong bytes' : undefined,
    )
    await expect(repositoryFile(repository, 'folder/weights one.bin', { env })).rejects.toThrow(/arrived damaged/)
    expect(existsSync(join(repository.snapshotFolder, 'folder', 'weights one.bin'))).toBe(false)
  })
})

describe('answers that are no files', () => {
  const answer = (status: number, code?: string) =>
    hub.setFault(() => ({ status, headers: code ? { 'x-error-code': code } : {} }))

  it.each<[number, string | undefined, RegExp, boolean]>([
    [401, 'GatedRepo', /someone\/thing is gated: accept its terms on http.*\/someone\/thing and set HF_TOKEN/, true],
    [403, 'GatedRepo', /is gated: accept its terms/, true],
    [401, 'RepoNotFound', /does not exist or is private/, true],
    [403, undefined, /does not exist or may not be read/, true],
    [404, undefined, /does not exist, or has no revision "main"/, true],
    [404, 'RevisionNotFound', /has no revision "main"/, true],
    [418, undefined, /answered 418/, false],
  ])('%i %s', async (status, code, message, bad) => {
    answer(status, code)
    const error = await resolve().catch((cause: unknown) => cause)
    expect((error as Error).message).toMatch(message)
    expect(InputError.isInstance(error)).toBe(bad)
  })

  it.each([429, 503])('%i is tried again', async (status) => {
    hub.setFault((_, __, count) => (count < 3 ? { status, headers: { 'retry-after': '0' } } : undefined))
    expect((await resolve()).commit).toBe(commit)
  })

  it('500 for good is a failure', async () => {
    hub.setFault(() => ({ status: 500, headers: { 'retry-after': '0' } }))
    await expect(resolve()).rejects.toThrow(/answered 500/)
  })

  it('a file that is not there', async () => {
    const repository = await resolve()
    expect(await repositoryFileIfPresent(repository, 'none.json', { env })).toBeNull()
    await expect(repositoryFile(repository, 'none.json', { env })).rejects.toThrow(
      /someone\/thing \(revision main\) has no file none\.json/,
    )
  })

  it('no network', async () => {
    await hub.close()
    await expect(resolve()).rejects.toThrow(/cannot reach http.* for someone\/thing; check the network and HF_ENDPOINT/)
  })

  it('no network, and the files in the cache', async () => {
    const notices: string[] = []
    const options = { env, onNotice: (sentence: string) => notices.push(sentence) }
    await repositoryFile(await resolve(), 'config.json', options)
    await hub.close()
    for (let time = 0; time < 2; time++) {
      const repository = await resolveRepository({ type: 'model', name, ...options })
      expect(repository.commit).toBe(commit)
      expect(readFileSync(await repositoryFile(repository, 'config.json', options), 'utf8')).toBe('{"a": 1}')
      expect(await repositoryFileIfPresent(repository, 'none.json', options)).toBeNull()
      expect((await listRepositoryFiles(repository, options)).map((file) => file.path)).toEqual(['config.json'])
      await expect(repositoryFile(repository, 'none.json', options)).rejects.toThrow(
        /^none\.json of someone\/thing \(revision main\) is not in the cache and http.* cannot be reached/,
      )
    }
    expect(notices).toEqual([
      `${hub.endpoint} cannot be asked: the cached files of someone/thing are used (revision main, commit ${commit})`,
    ])
    // a revision that the cache does not know is no other one
    await expect(resolve('other')).rejects.toThrow(/cannot reach/)
  })

  it('no network, and a commit in the cache', async () => {
    await repositoryFile(await resolve(), 'config.json', { env })
    await hub.close()
    const repository = await resolve(commit)
    expect(await repositoryFileIfPresent(repository, 'none.json', { env })).toBeNull()
    await expect(repositoryFileIfPresent(await resolve('f'.repeat(40)), 'a.json', { env })).rejects.toThrow(
      /cannot reach/,
    )
  })

  it('a hub that fails, and the files in the cache; but not where it says no', async () => {
    await repositoryFile(await resolve(), 'config.json', { env })
    hub.setFault(() => ({ status: 503, headers: { 'retry-after': '0' } }))
    expect((await resolve()).commit).toBe(commit)
    hub.setFault(() => ({ status: 401, headers: { 'x-error-code': 'GatedRepo' } }))
    await expect(resolve()).rejects.toThrow(/is gated/)
  })

  it('names that are no repositories, paths that leave the snapshot', async () => {
    await expect(resolveRepository({ type: 'model', name: '../x', env })).rejects.toThrow(/not a repository name/)
    const repository = await resolve()
    await expect(repositoryFile(repository, '../../x', { env })).rejects.toThrow(InputError)
  })
})
