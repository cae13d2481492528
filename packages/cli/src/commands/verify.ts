import { plainArguments } from '@saeval/experiments/internal/plain-arguments'
import type { PyDict } from '@saeval/python'
import type { CheckResult } from '@saeval/steering'
import { verify } from '@saeval/steering'
import { type DeviceFlags, deviceOf } from '../options/device-options.js'
import { inFlags } from '../options/flag-words.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import type { Surroundings } from './run.js'

export interface VerifyCommandOptions extends VerbosityOptions, DeviceFlags {
  readonly model: string
  readonly model_args: PyDict
  readonly text?: string
  readonly json?: boolean
}

/** `saeval verify`: prints how each check came out. Throws where one failed. */
export async function verifyCommand(
  options: VerifyCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const { model, model_args: args, text, json = false } = options
  const terminal = openTerminal(stderr, options)
  const verification = await verify({
    model,
    modelArgs: plainArguments(args),
    ...deviceOf(options),
    ...(text === undefined ? {} : { text }),
    hub: { signal, onProgress: terminal.download, onNotice: terminal.warn },
    onNotice: terminal.notice,
    onCheck: (result) => {
      terminal.clear()
      if (!json) stdout.write(resultLines(result))
      signal.throwIfAborted()
    },
  })
  if (json)
    stdout.write(`${JSON.stringify({ ...verification, checks: verification.checks.map(withFlags) }, null, 2)}\n`)
  else for (const line of verification.edits) stdout.write(`${line}\n`)
  const { checks, device: computedOn } = verification
  const failed = checks.filter(({ outcome }) => outcome === 'failed')
  if (failed.length > 0) throw new Error(`${failed.length} of ${checks.length} checks failed`)
  if (!json && computedOn !== null && computedOn !== 'cpu') stdout.write(`no check failed on ${computedOn}\n`)
}

function withFlags(result: CheckResult): CheckResult {
  return { ...result, messages: result.messages.map(inFlags) }
}

/** "ok  name  1.2e-7 (1e-4 allowed)", and what there is to say about it. */
function resultLines({ name, outcome, deviation, allowed, messages }: CheckResult): string {
  const limit = allowed === null ? 'measured' : `${allowed} allowed`
  const number = deviation === null ? '' : `  ${deviation === 0 ? '0' : deviation.toExponential(1)} (${limit})`
  const head = `${(outcome === 'failed' ? 'FAILED' : outcome).padEnd(14)}  ${name}${number}`
  return [head, ...messages.map((message) => `${' '.repeat(16)}${inFlags(message)}`)]
    .map((line) => `${line}\n`)
    .join('')
}
