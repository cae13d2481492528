import { once } from 'node:events'
import { InputError } from '@saeval/hub'
import { serveUi } from '@saeval/ui'
import { inFlags } from '../options/flag-words.js'
import type { Surroundings } from './run.js'

export interface UiCommandOptions {
  readonly port?: string
  readonly target?: string
}

/** `saeval ui <folder>`: serves a page over a folder to this machine until it is interrupted, prints its address. */
export async function ui(
  folder: string,
  { port, target }: UiCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  if (port !== undefined && !(/^\d+$/.test(port) && Number(port) < 65_536))
    throw new InputError(`--port must be a number from 0 to 65535, not "${port}"`)
  signal?.throwIfAborted()
  const served = await serveUi({
    folder,
    words: inFlags,
    ...(port === undefined ? {} : { port: Number(port) }),
    ...(target === undefined ? {} : { target }),
  })
  try {
    stdout.write(`${served.address}\n`)
    stderr.write('Open this address in a browser on this machine; Ctrl-C ends it.\n')
    if (signal) await once(signal, 'abort')
  } finally {
    await served.close()
  }
  signal?.throwIfAborted()
}
