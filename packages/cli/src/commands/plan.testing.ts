import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { runCommand } from '../run.testing.js'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

/** Name of the steering CSV in a place. */
export const csv = 'forget.csv'

/** A folder of its own for commands, with the same relative paths in each. */
export function place(): string {
  const folder = temporaryFolder()
  symlinkSync(join(root, 'examples'), join(folder, 'examples'))
  writeFileSync(join(folder, csv), readFileSync(join(root, 'examples/demo/forget_dogs.csv')))
  return folder
}

export const saeval = (argv: readonly string[], env: Record<string, string> = {}) =>
  runCommand(argv, { HF_HUB_OFFLINE: '1', ...env })

/** Runs a command that passes; gives what it prints. */
export async function passes(argv: readonly string[], env?: Record<string, string>): Promise<string> {
  const { code, stdout, stderr } = await saeval(argv, env)
  expect([argv[0], code, code === 0 ? '' : stderr]).toEqual([argv[0], 0, ''])
  return stdout
}

/** Runs a command that is refused; gives what it says. */
export async function refuses(argv: readonly string[], env?: Record<string, string>): Promise<string> {
  const { code, stderr } = await saeval(argv, env)
  expect([code, stderr.split('\n').length]).toEqual([2, expect.any(Number)])
  return stderr
}
