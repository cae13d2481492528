import { builtinModules } from 'node:module'
import { rolldown } from 'rolldown'

/** One script for a browser: classic, because a page that is opened as a file may start no other worker. What it exports is `name`. Throws an Error that names every import of Node, and who imports it. */
export async function bundle(input, name) {
  const wrong = []
  const builder = await rolldown({
    input,
    platform: 'browser',
    logLevel: 'silent',
    transform: { define: { 'import.meta.url': 'self.location.href' } },
    plugins: [
      {
        name: 'no-node',
        resolveId(id, importer) {
          if (!id.startsWith('node:') && !builtinModules.includes(id)) return null
          wrong.push(`${importer} imports ${id}`)
          return { id, external: true }
        },
      },
    ],
  })
  const { output } = await builder.generate({ format: 'iife', name, minify: true, codeSplitting: false })
  if (wrong.length > 0) throw new Error(`the page would need Node:\n${wrong.join('\n')}`)
  if (output.length !== 1) throw new Error(`${input}: ${output.length} files, expected one`)
  return output[0].code
}
