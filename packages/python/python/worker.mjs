// Runs CPython (Pyodide) for the functions of task files, on a thread of its own. Plain JavaScript, so that it is the same file beside
// the sources and beside the built package. Python gets the bytes of a text and gives those of
// another; nothing else of JavaScript is handed to it.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { packed, unpacked } from './snapshot.mjs'

const { loadPyodide } = await import(workerData.pyodide)
// what Python calls its own program: not a place on this machine
process.argv[1] = 'python'
const settings = () => ({
  jsglobals: Object.create(null),
  env: { HOME: '/home/pyodide', LANG: 'C.UTF-8', PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' },
  stdout: () => {},
  stderr: () => {},
})
const python = (await startKept()) ?? (await startAnew())
const { FS } = python

/** Python as it was once it had started; null where that was not kept, is damaged or belongs to another build of Pyodide. */
async function startKept() {
  try {
    const memory = unpacked(readFileSync(workerData.snapshot))
    if (memory === null) return null
    const started = await loadPyodide({ ...settings(), _loadSnapshot: memory })
    // files are no part of the memory
    write(started.FS, workerData.files)
    return started
  } catch {
    return null
  }
}

/** Starts Python, which takes seconds, and gives its memory to be kept before it has seen anything of a task. */
async function startAnew() {
  const started = await loadPyodide({ ...settings(), _makeSnapshot: true })
  write(started.FS, workerData.files)
  started.runPython('import sys; sys.path.insert(0, "/saeval"); import host; host.import_common()')
  if (workerData.snapshot !== null) {
    const snapshot = packed(started.makeMemorySnapshot())
    parentPort.postMessage({ snapshot }, [snapshot.buffer])
  }
  return started
}

function write(FS, files) {
  for (const [path, bytes] of files) {
    FS.mkdirTree(path.slice(0, path.lastIndexOf('/')))
    FS.writeFile(path, bytes)
    FS.chmod(path, 0o444)
  }
}

// Emscripten runs the C function system() as a real process, and Python code may find a way into JavaScript: nothing there must work
const require = createRequire(import.meta.url)
const closed = [
  'child_process',
  'cluster',
  'dgram',
  'dns',
  'fs',
  'fs/promises',
  'http',
  'http2',
  'https',
  'inspector',
  'net',
  'tls',
  'vm',
]
function closeDoors() {
  const refuse = () => {
    throw new Error('not available to the functions of tasks')
  }
  for (const module of [...closed.map((name) => require(`node:${name}`)), process]) {
    for (const name of Object.getOwnPropertyNames(module)) {
      const property = Object.getOwnPropertyDescriptor(module, name)
      // a thread tells its own time and schedules its own work
      if (typeof property.value !== 'function' || /^(hrtime|nextTick|emit|on|once|off|cwd)$/.test(name)) continue
      Reflect.defineProperty(module, name, { ...property, value: refuse })
    }
  }
  for (const name of [
    'fetch',
    'WebSocket',
    'EventSource',
    'BroadcastChannel',
    'navigator',
    'require',
    'Buffer',
    'process',
  ])
    Reflect.deleteProperty(globalThis, name)
}

const handle = python.runPython(`
import host
host.draw_anew()
host.close_doors()
host.handle
`)
closeDoors()

parentPort.on('message', ({ files, request }) => {
  try {
    write(FS, files)
    const question = python.toPy(request)
    const answer = handle(question)
    const view = answer.getBuffer('u8')
    const reply = view.data.slice()
    view.release()
    answer.destroy()
    question.destroy()
    parentPort.postMessage({ reply }, [reply.buffer])
  } catch (error) {
    parentPort.postMessage({ failure: String(error) })
  }
})
parentPort.postMessage({ ready: true })
