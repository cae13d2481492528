import { createHash } from 'node:crypto'
import { createReadStream, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { InputError } from '@saeval/hub'
import { checked, index, jsonObject, objectOf, recordOf, shown, text } from '@saeval/hub/checks'
import * as v from 'valibot'
import { cardNames, isCardPath } from './card-file.js'

const schema = objectOf({
  files: recordOf(objectOf({ bytes: index, sha256: v.pipe(text, v.regex(/^[0-9a-f]{64}$/, 'a SHA-256 in hex')) })),
})

/** manifest.json: every other file of a card, by its path. */
export type Manifest = Readonly<v.InferOutput<typeof schema>>

/** Bytes of a manifest, at most. */
export const largestManifest = 2 ** 26
const mostFiles = 100_000
/** What git and the hub put beside a card's files. */
const ofOthers = ['.git', '.gitattributes', '.cache']

/** SHA-256 of a file in hex, read as a stream. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

/** The manifest of a folder, as text. */
export async function manifestText(folder: string): Promise<string> {
  const files: Record<string, { bytes: number; sha256: string }> = {}
  for (const { path, bytes } of filesIn(folder)) files[path] = { bytes, sha256: await sha256Of(join(folder, path)) }
  return `${JSON.stringify({ files }, null, 1)}\n`
}

/** Reads a card's manifest; `sha256` is that of its own bytes, which stands for the whole card. Throws InputError where there is none that can be read. */
export function readManifest(folder: string): { readonly manifest: Manifest; readonly sha256: string } {
  const path = join(folder, cardNames.manifest)
  const state = lstatSync(path, { throwIfNoEntry: false })
  if (state === undefined) throw new InputError(`${folder} is no card: it has no ${cardNames.manifest}`)
  if (!state.isFile()) throw new InputError(`${path} is not a file`)
  if (state.size > largestManifest)
    throw new InputError(`${path} has ${state.size} bytes, expected at most ${largestManifest}`)
  const bytes = readFileSync(path)
  return {
    manifest: manifestOf(path, bytes.toString('utf8')),
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }
}

/** Reads the text of a manifest, which is called `path`. Throws InputError for what is none. */
export function manifestOf(path: string, json: string): Manifest {
  const manifest = checked(`${path} is no manifest`, schema, jsonObject(path, json, 'it is no manifest'))
  const names = Object.keys(manifest.files)
  if (names.length > mostFiles) throw new InputError(`${path} names ${names.length} files, more than ${mostFiles}`)
  const wrong = names.find((name) => !isCardPath(name))
  if (wrong !== undefined) throw new InputError(`${path} names a file that no card can hold: ${shown(wrong)}`)
  return manifest
}

/** What of a card's folder is not as its manifest says, a sentence for each file; none of a whole card. */
export async function damageOf(folder: string, { files }: Manifest): Promise<string[]> {
  const found = new Map(filesIn(folder).map((file) => [file.path, file]))
  const damage: string[] = []
  for (const [path, { kind }] of found) {
    if (kind !== 'file') damage.push(`${shown(path)} is ${kind}, and a card holds files alone`)
    else if (!Object.hasOwn(files, path)) damage.push(`${shown(path)} is not in the manifest`)
  }
  for (const [path, { bytes, sha256 }] of Object.entries(files)) {
    const file = found.get(path)
    if (file === undefined) damage.push(`${path} is missing`)
    else if (file.kind === 'file' && file.bytes !== bytes)
      damage.push(`${path} has ${file.bytes} bytes, the manifest says ${bytes}`)
    else if (file.kind === 'file') {
      const own = await sha256Of(join(folder, path))
      if (own !== sha256)
        damage.push(
          `${path} has other bytes: its SHA-256 is ${own.slice(0, 12)}…, the manifest says ${sha256.slice(0, 12)}…`,
        )
    }
  }
  return damage
}

interface FoundFile {
  readonly path: string
  readonly bytes: number
  readonly kind: 'file' | 'a link' | 'neither a file nor a folder'
}

/** What lies below a card's folder but its manifest, by path; links are not followed. */
function filesIn(folder: string, below = ''): FoundFile[] {
  const all: FoundFile[] = []
  for (const name of readdirSync(join(folder, below)).sort()) {
    if (below === '' && (name === cardNames.manifest || ofOthers.includes(name))) continue
    const path = below === '' ? name : `${below}/${name}`
    const state = lstatSync(join(folder, path))
    if (state.isDirectory()) all.push(...filesIn(folder, path))
    else
      all.push({
        path,
        bytes: state.size,
        kind: state.isFile() ? 'file' : state.isSymbolicLink() ? 'a link' : 'neither a file nor a folder',
      })
    if (all.length > mostFiles) throw new InputError(`${folder} holds more than ${mostFiles} files`)
  }
  return all
}
