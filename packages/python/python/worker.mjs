// Runs CPython (Pyodide) for the functions of task files, on a thread of its own. Plain JavaScript, so that it is the same file beside
// the sources and beside the built package. Python gets texts and gives texts; nothing of JavaScript is handed to it.
import { createRequire } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

const { loadPyodide } = await import(workerData.pyodide)
const python = await loadPyodide({
  jsglobals: Object.create(null),
  env: { HOME: '/home/pyodide', PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' },
  stdout: () => {},
  stderr: () => {},
})
const { FS } = python

function write(files) {
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

write(workerData.files)
const handle = python.runPython(`
import sys
sys.path.insert(0, "/saeval")
import host
host.close_doors()
host.handle
`)
closeDoors()

parentPort.on('message', ({ files, request }) => {
  try {
    write(files)
    parentPort.postMessage({ reply: handle(request) })
  } catch (error) {
    parentPort.postMessage({ failure: String(error) })
  }
})
parentPort.postMessage({ ready: true })
