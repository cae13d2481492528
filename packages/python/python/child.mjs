// Runs CPython (Pyodide) for the functions of task files, in a process of its own, behind the walls that src/pyodide/walls.ts puts up.
// Plain JavaScript, so that it is the same file beside the sources and beside the built package. Frames come in on standard input
// and go out on standard output. Pyodide lives in realm.js, where there is no Node; only bytes cross into it.
import { Buffer } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { closeNode } from './close-node.mjs'
import { receive, send } from './frames.mjs'
import { openRealm } from './open-realm.mjs'
import { packed, unpacked } from './snapshot.mjs'

const { pyodide, snapshot } = JSON.parse(process.argv[2])
const folder = import.meta.dirname
const runInRealm = openRealm()
const text = (name) => readFileSync(join(pyodide, name), 'utf8')

const { allocate, give, start, memoryOf, close, ask, turn } = runInRealm(
  readFileSync(join(folder, 'realm.js'), 'utf8'),
  'realm.js',
)
// a module's only line that a script cannot have, and its address, which no script needs
const engine = text('pyodide.asm.mjs')
  .replaceAll('import.meta.url', '""')
  .replace('export default _createPyodideModule', '')
runInRealm(engine, 'pyodide.asm.js')
runInRealm(text('pyodide.js'), 'pyodide.js')
for (const name of ['pyodide.asm.wasm', 'python_stdlib.zip', 'pyodide-lock.json'])
  give(name, readFileSync(join(pyodide, name)))
const site = join(folder, 'site')
for (const name of readdirSync(site, { recursive: true, encoding: 'utf8' }))
  if (name.endsWith('.py')) give(`/saeval/${name.split(sep).join('/')}`, readFileSync(join(site, name)))
closeNode()
await startPython()
close()
send('ready')
for (let parts = receive(); parts !== null; parts = receive()) {
  // an answer goes out before the next question is taken, so that who waits knows which one takes long
  for (let left = ask(...parts); left > 0; left--) send('answer', Buffer.from(turn(), 'latin1'))
}

/** Starts Python from its kept memory, or anew; then its memory goes out to be kept, before it has seen anything of a task. */
async function startPython() {
  const kept = keptMemory()
  if (
    kept !== null &&
    (await start(kept).then(
      () => true,
      () => false,
    ))
  )
    return
  await start(null)
  if (snapshot !== null) send('snapshot', packed(memoryOf()))
}

function keptMemory() {
  try {
    return snapshot === null ? null : unpacked(readFileSync(snapshot), allocate)
  } catch {
    return null
  }
}
