// Where Pyodide runs: a realm of JavaScript without Node. There is no process, no module, no file, no network and no code made of
// texts; Pyodide takes it for the bare shell of a JavaScript engine. What comes in is bytes, copied; nothing of outside is ever kept.
;(() => {
  const files = new Map()
  let python, functions

  class TextDecoder {
    constructor(label = 'utf-8') {
      this.plain = label === 'latin1'
    }
    decode(view) {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
      let text = ''
      for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
      return this.plain ? text : decodeURIComponent(escape(text))
    }
  }
  class TextEncoder {
    encode(text = '') {
      return Uint8Array.from(unescape(encodeURIComponent(text)), (unit) => unit.charCodeAt(0))
    }
    encodeInto(text, view) {
      const bytes = this.encode(text)
      view.set(bytes)
      return { read: text.length, written: bytes.length }
    }
  }
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
  const nothing = () => {}
  Object.assign(globalThis, {
    TextDecoder,
    TextEncoder,
    console: { log: nothing, warn: nothing, error: nothing },
    performance: { now: () => Date.now() },
    // Pyodide asks a shell for random bytes: "head -c16 /dev/urandom | base64"
    os: {
      system(_shell, [, command]) {
        const bytes = Number(/-c(\d+)/.exec(command)[1])
        const text = Array.from({ length: Math.ceil((bytes * 4) / 3) }, () => digits[Math.floor(64 * Math.random())])
        return text.join('').padEnd(4 * Math.ceil(bytes / 3), '=')
      },
    },
    read(name) {
      throw new Error(`there is no ${name}`)
    },
    load: nothing,
    readbuffer: (name) => files.get(name.slice(1)),
  })

  const write = (path, bytes) => {
    const { FS } = python
    FS.mkdirTree(path.slice(0, path.lastIndexOf('/')))
    FS.writeFile(path, bytes)
    FS.chmod(path, 0o444)
  }

  return {
    /** Memory of this realm. */
    allocate: (length) => new Uint8Array(length),
    /** A file for Pyodide, or, with a whole path, for Python. */
    give: (name, bytes) => void files.set(name, new Uint8Array(bytes)),
    /** Starts Python, from a memory that was kept or, with null, anew. */
    async start(memory) {
      python = await loadPyodide({
        createPyodideModule: _createPyodideModule,
        indexURL: '/',
        lockFileContents: JSON.parse(new TextDecoder().decode(files.get('pyodide-lock.json'))),
        jsglobals: Object.create(null),
        env: { HOME: '/home/pyodide', LANG: 'C.UTF-8', PYTHONHASHSEED: '0', PYTHONDONTWRITEBYTECODE: '1' },
        stdout: nothing,
        stderr: nothing,
        ...(memory === null ? { _makeSnapshot: true } : { _loadSnapshot: memory }),
      })
      // files are no part of a kept memory
      for (const [path, bytes] of files) if (path.startsWith('/')) write(path, bytes)
      if (memory === null)
        python.runPython('import sys; sys.path.insert(0, "/saeval"); import host; host.import_common()')
    },
    memoryOf: () => python.makeMemorySnapshot(),
    /** Closes what leads out of Python; from here on it only answers. */
    close() {
      const { FS } = python
      functions = python.runPython('import host; host.draw_anew(); [host.ask, host.turn]').toJs({ depth: 1 })
      python.runPython('host.close_doors')()
      for (const name of Reflect.ownKeys(python)) Reflect.deleteProperty(python, name)
      for (const name of ['loadPyodide', '_createPyodideModule']) Reflect.deleteProperty(globalThis, name)
      python = { FS }
    },
    /** Puts files and questions where Python finds them; the questions are the last part. Gives their number. */
    ask(...parts) {
      for (let at = 0; at + 1 < parts.length; at += 2)
        write(new TextDecoder().decode(new Uint8Array(parts[at])), new Uint8Array(parts[at + 1]))
      python.FS.writeFile('/question', new Uint8Array(parts.at(-1)))
      return functions[0]()
    },
    /** Lets Python answer the next question: a text. */
    turn: () => functions[1](),
  }
})()
