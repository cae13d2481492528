import { openAsBlob } from 'node:fs'
import { copyFile, link, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import {
  type HubOptions,
  InputError,
  listRepositoryFiles,
  makeFolder,
  openRepositoryWriter,
  type RepositoryWriter,
  repositoryFile,
  resolveRepository,
} from '@saeval/hub'
import { cardNames, isCardPath } from './card-file.js'
import { damageOf, largestManifest, manifestOf, readManifest } from './manifest.js'

/** Bytes of a card that is fetched, at most; larger ones are downloaded by hand. */
const largest = 2e10

/** A hub that a card can be pushed to. */
export interface CardPush {
  /**
   * Pushes a card's files as one commit, in which the files of an earlier card go, and no others. Throws InputError for a folder that is no whole card, and for a
   * repository that holds something else.
   */
  push(folder: string): Promise<void>
}

/**
 * Opens a model repository of the hub for a card, before the card is made: a wrong token shows at once. It is made where there is none, for its owner alone unless
 * `isPublic`; one that is there keeps who may read it. Throws InputError for a token that the hub does not take, and for a name without an owner.
 */
export async function pushCard(name: string, isPublic: boolean, hub: HubOptions = {}): Promise<CardPush> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(name) || name.includes('..'))
    throw new InputError(`"${name}" is not a repository name like owner/name`)
  const writer: RepositoryWriter = await openRepositoryWriter('model', null, hub)
  await writer.account()
  return {
    push: async (folder) => {
      const { manifest } = readManifest(folder)
      const [damage] = await damageOf(folder, manifest)
      if (damage !== undefined) throw new InputError(`${folder} is no whole card: ${damage}`)
      await writer.create(name, !isPublic)
      const earlier = await earlierCard(writer, name)
      const paths = [...Object.keys(manifest.files), cardNames.manifest]
      const files = await Promise.all(
        paths.map(async (path) => ({ path, content: await openAsBlob(join(folder, path)) })),
      )
      const own = new Set(paths)
      const gone = earlier.filter((path) => !own.has(path))
      await writer.replace(name, files, gone, 'Steering card')
    },
  }
}

/** Files that the hub makes itself, or that every card replaces. */
const ofNobody = ['.gitattributes', 'README.md']

/** The files of the card that a repository holds; none of a new one. Throws InputError where it holds something else: a model, say. */
async function earlierCard(writer: RepositoryWriter, name: string): Promise<string[]> {
  const there = await writer.list(name)
  if (!there.includes(cardNames.manifest)) {
    const other = there.find((path) => !ofNobody.includes(path))
    if (other === undefined) return []
    throw new InputError(
      `${name} is a repository that is no card: it holds ${other.slice(0, 100)}; push the card to a repository of its own`,
    )
  }
  const path = `${name}/${cardNames.manifest}`
  const { files } = manifestOf(path, await writer.text(name, cardNames.manifest, largestManifest))
  return there.filter((path) => Object.hasOwn(files, path))
}

/** Brings a card of the hub, `owner/name` or `owner/name@revision`, into a folder of its own, to be removed by `close`. Throws InputError for what is none. */
export async function fetchCard(
  reference: string,
  hub: HubOptions = {},
): Promise<{ readonly folder: string; readonly commit: string; close(): Promise<void> }> {
  const [, name, revision] = /^([\w.-]+\/[\w.-]+)(?:@(.+))?$/.exec(reference) ?? []
  if (name === undefined)
    throw new InputError(`${reference} is neither a card's folder nor a repository like owner/name`)
  const repository = await resolveRepository({
    type: 'model',
    name,
    ...(revision === undefined ? {} : { revision }),
    ...hub,
  })
  const entries = await listRepositoryFiles(repository, hub)
  if (!entries.some(({ path }) => path === cardNames.manifest))
    throw new InputError(`${name} is no card: it has no ${cardNames.manifest}`)
  const wrong = entries.find(({ path }) => !isCardPath(path))
  if (wrong !== undefined)
    throw new InputError(`${name} holds a file that no card can hold: ${wrong.path.slice(0, 100)}`)
  const bytes = entries.reduce((sum, { size }) => sum + size, 0)
  if (bytes > largest)
    throw new InputError(`${name} has ${bytes} bytes, more than a check fetches; download it, and give its folder`)
  const folder = await mkdtemp(join(tmpdir(), 'saeval-card-'))
  const close = () => rm(folder, { recursive: true, force: true })
  try {
    for (const { path } of entries) {
      const cached = await realpath(await repositoryFile(repository, path, hub))
      const own = join(folder, path)
      makeFolder(dirname(own))
      // a second name where the disk allows it
      await link(cached, own).catch(() => copyFile(cached, own))
    }
    return { folder, commit: repository.commit, close }
  } catch (cause) {
    await close()
    throw cause
  }
}
