import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Playground } from './browser/playground.js'

export interface PageOptions {
  /** Folder that the page is written into; what is there of the same name is replaced. */
  readonly folder: string
  readonly playground: Playground
  /** The files of the model and the SAEs: the paths that the page knows them by, and where they are. */
  readonly files: Readonly<Record<string, string>>
}

const site = fileURLToPath(new URL('../dist/site', import.meta.url))

/** Writes a page: index.html and what it loads. It needs no server; opened as a file it works too. */
export async function writePage({ folder, playground, files }: PageOptions): Promise<void> {
  await mkdir(folder, { recursive: true })
  await cp(site, folder, { recursive: true })
  const entries = [fileEntry('playground.json', JSON.stringify(playground))]
  for (const [name, path] of Object.entries(files)) entries.push(fileEntry(name, await readFile(path)))
  // the page takes them when the last one is there
  await writeFile(join(folder, 'files.js'), [...entries, fileEntry('/complete', '')].join(''))
}

/** A line of a script that gives a file to a page. */
export function fileEntry(name: string, bytes: string | Uint8Array): string {
  return `saevalFile(${JSON.stringify(name)}, '${gzipSync(bytes, { level: 9 }).toString('base64')}')\n`
}
