import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Playground } from './browser/playground.js'
import type { PageFiles } from './page-files.js'

export interface PageOptions {
  /** Folder that the page is written into; what is there of the same name is replaced. */
  readonly folder: string
  readonly playground: Playground
  /** Those of the model and the SAEs. */
  readonly files: PageFiles
}

const site = fileURLToPath(new URL('../dist/site', import.meta.url))

/** Writes a page: index.html and what it loads. It needs no server; opened as a file it works too. */
export async function writePage({ folder, playground, files }: PageOptions): Promise<void> {
  await mkdir(folder, { recursive: true })
  // the build for WebGPU is for servers
  await cp(site, folder, { recursive: true, filter: (path) => !path.endsWith('runtime-webgpu.js') })
  const entries = [fileEntry('playground.json', JSON.stringify(playground))]
  for (const [name, path] of Object.entries(files)) entries.push(fileEntry(name, await readFile(path)))
  // the page takes them when the last one is there
  await writeFile(join(folder, 'files.js'), [...entries, fileEntry('/complete', '')].join(''))
}

/** A line of a script that gives a file to a page. */
export function fileEntry(name: string, bytes: string | Uint8Array): string {
  return `saevalFile(${JSON.stringify(name)}, '${gzipSync(bytes, { level: 9 }).toString('base64')}')\n`
}
