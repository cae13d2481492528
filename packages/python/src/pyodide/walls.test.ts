import { spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { call } from './task-python.testing.js'
import { walled } from './walls.js'

// what no function of a task may reach: a token, a file, a port, a place to write
const token = 'hf_markerOfTheTest'
const folder = temporaryFolder()
const [marker, target] = [join(folder, 'marker.txt'), join(folder, 'written.txt')]
let connections = 0
const server = createServer((socket) => {
  connections++
  socket.destroy()
})
let port = 0

beforeAll(async () => {
  process.env.HF_TOKEN = token
  writeFileSync(marker, token)
  await new Promise<void>((listening) => void server.listen(0, '127.0.0.1', listening))
  port = (server.address() as { port: number }).port
})
afterAll(() => {
  Reflect.deleteProperty(process.env, 'HF_TOKEN')
  expect(connections).toBe(0)
  expect(existsSync(target)).toBe(false)
  server.close()
})

/** Ways out that Python code might try; each is the body of a function that returns what it has found, and raises where it finds none. */
const attacks = {
  'the finder of JavaScript': `
    import sys
    return next(f for f in sys.meta_path if hasattr(f, "jsproxies")).jsproxies["pyodide_js"]`,
  'the module js': `
    import sys
    sys.modules.pop("js"); import js
    return js`,
  'the core of Pyodide': `
    import sys
    sys.modules.pop("_pyodide_core"); import _pyodide_core
    return _pyodide_core`,
  'a new finder': `
    import sys
    for name in list(sys.modules):
        if "pyodide" in name: del sys.modules[name]
    from _pyodide._importhook import JsFinder, jsfinder
    return jsfinder.jsproxies["js"]`,
  run_js: `
    import sys
    for name in list(sys.modules):
        if "pyodide" in name: del sys.modules[name]
    from pyodide.code import run_js
    return run_js("1")`,
  subclasses: `
    seen, todo = set(), [object]
    while todo:
        for c in type.__subclasses__(todo.pop()):
            if c not in seen: seen.add(c); todo.append(c)
    for c in seen:
        if type(c).__name__ == "_JsProxyMetaClass" or c.__name__ in ("JsProxy", "WebLoop", "JsFinder"):
            for make in (lambda: c(), lambda: c.__new__(c), lambda: object.__new__(c)):
                try: thing = make()
                except BaseException: continue
                for name in ("constructor", "prototype", "jsproxies"):
                    found = getattr(thing, name, None)
                    if found: return found
                try: return thing.call_later(0, print)
                except BaseException: pass
    raise LookupError`,
  gc: `
    import sys
    del sys.modules["gc"]; import gc
    return gc.get_objects()`,
  'a built-in module made again': `
    import _imp, importlib.machinery as m
    return _imp.create_builtin(m.ModuleSpec("_pyodide_core", m.BuiltinImporter))`,
  'the loader of built-in modules': `
    import importlib.machinery as m
    return m.BuiltinImporter.load_module("gc")`,
  frames: `
    import sys
    frame = sys._getframe()
    while frame:
        for place in (frame.f_globals, frame.f_locals, frame.f_builtins):
            for name, value in place.items():
                if type(type(value)).__name__ == "_JsProxyMetaClass": return value
        frame = frame.f_back
    raise LookupError`,
  tracebacks: `
    try: [].pop()
    except IndexError as error: tb = error.__traceback__
    frame = tb.tb_frame
    while frame.f_back: frame = frame.f_back
    for value in [*frame.f_globals.values(), *frame.f_builtins.values()]:
        if "pyodide" in getattr(type(value), "__module__", ""): return value
    raise LookupError`,
  'the loop of asyncio': `
    import asyncio
    return asyncio.get_event_loop()`,
  'a new loop': `
    import asyncio
    loop = asyncio.new_event_loop()
    return loop.call_soon(print)`,
  'asyncio over the network': `
    import asyncio
    async def f(): return await asyncio.open_connection("127.0.0.1", PORT)
    return asyncio.run(f())`,
  ctypes: `
    import sys
    sys.modules.pop("ctypes", None); sys.modules.pop("_ctypes", None); import ctypes
    return ctypes.pythonapi`,
  'its process': `return open("/proc/self/environ").read()`,
  descriptors: `
    import os
    for number in range(3, 64):
        try: return os.read(number, 1)
        except OSError: pass
    raise LookupError`,
  'the marker': `return open("MARKER").read()`,
  writing: `
    open("TARGET", "w").write("x")`,
  'a pickled object': `
    import pickle
    return pickle.loads(b"cposix\\nsystem\\n(S'true'\\ntR.")`,
  'a shell': `
    import os
    return os.popen("true").read()`,
  'a process': `
    import subprocess
    return subprocess.run(["true"])`,
  fork: `
    import os
    return os.fork()`,
  'the network': `
    import urllib.request
    return urllib.request.urlopen("http://127.0.0.1:PORT/").read()`,
  'a raw socket': `
    import sys
    sys.modules.pop("_socket", None); import _socket
    s = _socket.socket(); s.connect(("127.0.0.1", PORT))
    return s`,
  'a library of another': `
    import _imp, importlib.machinery as m
    return _imp.create_dynamic(m.ModuleSpec("x", None, origin="MARKER"))`,
}

describe('Python', () => {
  it.each(Object.entries(attacks))('does not lead out by %s', async (_name, body) => {
    const code = body.replaceAll('PORT', String(port)).replaceAll('MARKER', marker).replaceAll('TARGET', target)
    const indented = code.startsWith('\n') ? code : `\n    ${code}`
    const told = await call(`def f():${indented}\n    return "came through"`).catch(() => 'refused')
    expect(told).toBe('refused')
  })

  it('holds nothing of the environment', async () => {
    expect(await call('def f():\n    import os\n    return sorted(os.environ)')).toEqual(
      expect.not.arrayContaining(['HF_TOKEN', 'PATH']),
    )
  })
})

describe('JavaScript, if an attacker reaches it,', () => {
  const beside = (name: string) => pathToFileURL(join(import.meta.dirname, '../../python', name)).href

  it('has no Node in its realm, no code made of texts and no imports', async () => {
    const { openRealm } = (await import(beside('open-realm.mjs'))) as {
      openRealm(): (code: string, filename: string) => unknown
    }
    const run = openRealm()
    const attempt = (code: string) => run(`try { (() => { ${code} })() } catch (error) { 'refused' }`, 'attack.js')
    const nothing = [
      'process',
      'require',
      'fetch',
      'Buffer',
      'setTimeout',
      'queueMicrotask',
      'WebSocket',
      'structuredClone',
    ]
    for (const name of nothing) expect(attempt(`return typeof ${name}`), name).toBe('undefined')
    for (const code of [
      'return eval("1")',
      'return new Function("return process")()',
      'return this.constructor.constructor("return process")()',
      'return (async () => {}).constructor("return 1")()',
      'return globalThis.constructor.constructor("return 1")()',
    ])
      expect(attempt(code), code).toBe('refused')
    await expect(run('import("node:fs")', 'attack.js')).rejects.toThrow()
  })

  it('has no token, file, process or network in its process', async () => {
    const script = fileURLToPath(new URL('attacks/escape.mjs', import.meta.url))
    const readable = [join(dirname(script), '/'), fileURLToPath(new URL('../../python/', import.meta.url))]
    const { command, args } = walled(script, JSON.stringify({ marker, port, target }), readable)
    const child = spawn(command, args, { env: {}, stdio: ['ignore', 'pipe', 'inherit'] })
    let told = ''
    child.stdout.on('data', (text) => {
      told += text
    })
    await new Promise((ended) => child.once('close', ended))
    expect(JSON.parse(told)).toEqual([])
  })
})
