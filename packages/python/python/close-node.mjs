import module from 'node:module'

const networks = [
  ...['net', 'tls', 'dgram', 'dns', 'dns/promises', 'http', 'http2', 'https', 'inspector'],
  ...['child_process', 'cluster', 'worker_threads'],
]

/**
 * What is left of Node beside the realm, for code that would find its way out of it: no network, no processes, no modules. The
 * permission model closes files and processes once more, but not the network.
 */
export function closeNode() {
  const require = module.createRequire(import.meta.url)
  const refuse = () => {
    throw new Error('not available to the functions of tasks')
  }
  const close = (thing) => {
    for (const name of Object.getOwnPropertyNames(thing)) {
      const property = Object.getOwnPropertyDescriptor(thing, name)
      if (typeof property.value !== 'function' || name === 'constructor') continue
      if (property.value.prototype) close(property.value.prototype)
      Reflect.defineProperty(thing, name, { ...property, value: refuse })
    }
  }
  networks.map((name) => require(`node:${name}`)).forEach(close)
  module.registerHooks?.({ resolve: refuse, load: refuse })
  for (const name of [
    'binding',
    '_linkedBinding',
    'dlopen',
    'getBuiltinModule',
    'execve',
    'kill',
    '_kill',
    '_debugProcess',
  ])
    process[name] = refuse
  for (const name of [
    'fetch',
    'WebSocket',
    'EventSource',
    'BroadcastChannel',
    'MessageChannel',
    'navigator',
    'process',
    'Buffer',
  ])
    Reflect.deleteProperty(globalThis, name)
}
