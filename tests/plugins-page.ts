import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const page = join(dirname(dirname(fileURLToPath(import.meta.url))), 'docs', 'plugins.md')

/** Writes the files of docs/plugins.md into a folder, and gives the command lines at its end, without "saeval". */
export function writePluginsPage(folder: string): string[][] {
  const text = readFileSync(page, 'utf8')
  for (const [, name, content] of text.matchAll(/^`([\w./-]+)`:\n\n```\w*\n([\s\S]*?)^```/gm)) {
    const path = join(folder, name!)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content!)
  }
  const commands = /^```sh\n([\s\S]*?)^```/m.exec(text)![1]!.trim().split('\n')
  return commands.map((line) => {
    const words = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word!)
    return words.slice(1)
  })
}
