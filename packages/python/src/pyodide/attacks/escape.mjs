// What code does that has left Python and its realm: run behind the walls by walls.test.ts, it says how far it came. Nothing of it is a real attack.
import { readFileSync, writeFileSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { closeNode } from '../../../python/close-node.mjs'

const { marker, port, target } = JSON.parse(process.argv[2])
const require = createRequire(import.meta.url)
const [environment, tell] = [process.env, (text) => writeSync(1, text)]
const modules = ['node:net', 'node:child_process', 'node:worker_threads', 'node:http', 'node:dgram', 'node:dns']
const before = Object.fromEntries(modules.map((name) => [name, require(name)]))
closeNode()

const attempts = {
  environment: () => {
    if (environment.HF_TOKEN === undefined) throw new Error('no token')
  },
  'its own environment': () => readFileSync('/proc/self/environ', 'utf8'),
  'its parent': () => readFileSync('/proc/1/environ', 'utf8'),
  file: () => readFileSync(marker, 'utf8'),
  'writing a file': () => writeFileSync(target, 'out'),
  process: () => before['node:child_process'].execFileSync('id'),
  thread: () => new before['node:worker_threads'].Worker('1', { eval: true }),
  socket: () => before['node:net'].connect(port, '127.0.0.1'),
  'a socket class': () => new before['node:net'].Socket().connect(port, '127.0.0.1'),
  datagram: () => before['node:dgram'].createSocket('udp4').send('x', port, '127.0.0.1'),
  request: () => before['node:http'].get(`http://127.0.0.1:${port}/`),
  name: () => before['node:dns'].lookup('localhost', () => {}),
  fetch: () => fetch(`http://127.0.0.1:${port}/`),
  WebSocket: () => new WebSocket(`ws://127.0.0.1:${port}/`),
  binding: () => process.binding('tcp_wrap'),
  text: () => new Function('return 1')(),
}
const came = []
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt()
    came.push(name)
  } catch {}
}
tell(JSON.stringify(came))
