import type { PyDict } from '@saeval/eval-harness'
import { plainArguments } from '../models/arguments.js'
import { progressLine } from '../progress.js'
import type { CheckResult } from '../verify/check.js'
import { verify } from '../verify/verify.js'
import type { Surroundings } from './run.js'

export interface VerifyCommandOptions {
  readonly model_args: PyDict
  readonly device?: string
  readonly text?: string
  readonly json?: boolean
}

/** `saeval verify`: prints how each check came out. Throws where one failed. */
export async function verifyCommand(
  { model_args: args, device, text, json = false }: VerifyCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const progress = progressLine(stderr)
  const verification = await verify({
    modelArgs: plainArguments(args),
    device: device ?? null,
    ...(text === undefined ? {} : { text }),
    hub: { signal, onProgress: progress.download, onNotice: progress.notice },
    onNotice: (line) => {
      progress.clear()
      stderr.write(`${line}\n`)
    },
    onCheck: (result) => {
      progress.clear()
      if (!json) stdout.write(resultLines(result))
      signal.throwIfAborted()
    },
  })
  if (json) stdout.write(`${JSON.stringify(verification, null, 2)}\n`)
  else for (const line of verification.edits) stdout.write(`${line}\n`)
  const failed = verification.checks.filter(({ outcome }) => outcome === 'failed')
  if (failed.length > 0) throw new Error(`${failed.length} of ${verification.checks.length} checks failed`)
}

/** "ok  name  1.2e-7 (1e-4 allowed)", and what there is to say about it. */
function resultLines({ name, outcome, deviation, allowed, messages }: CheckResult): string {
  const number =
    deviation === null ? '' : `  ${deviation === 0 ? '0' : deviation.toExponential(1)} (${allowed} allowed)`
  const head = `${(outcome === 'failed' ? 'FAILED' : outcome).padEnd(14)}  ${name}${number}`
  return [head, ...messages.map((message) => `${' '.repeat(16)}${message}`)].map((line) => `${line}\n`).join('')
}
