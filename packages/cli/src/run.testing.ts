import { PassThrough } from 'node:stream'
import { main } from './main.js'
import { registerModels } from './register-models.js'

registerModels()

/** What a command line did. */
export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command line in this process, with the environment changed meanwhile and no terminal. */
export async function runCommand(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  controller = new AbortController(),
): Promise<CommandResult> {
  const out = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => {
    const collected = new PassThrough()
    collected.on('data', (chunk: Buffer) => {
      out[name] += chunk.toString('utf8')
    })
    return collected as unknown as NodeJS.WriteStream
  }
  const before = { ...process.env }
  Object.assign(process.env, env)
  try {
    const code = await main(argv, { stdout: stream('stdout'), stderr: stream('stderr'), signal: controller.signal })
    // the streams hand on what was written in the next turns
    await new Promise((resolve) => setImmediate(resolve))
    return { code, ...out }
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
  }
}
