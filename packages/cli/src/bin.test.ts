import { spawn } from 'node:child_process'
import { existsSync, openSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { needs, temporaryFolder } from '../../../tests/fixtures.js'

const bin = fileURLToPath(new URL('../bin/saeval.js', import.meta.url))

/** The command as a process of its own; `exit` gives its code as shells have it. */
function start(argv: readonly string[], env: Record<string, string> = {}, stdout: number | 'pipe' = 'pipe') {
  const child = spawn(process.execPath, [bin, ...argv], {
    stdio: ['ignore', stdout, 'pipe'],
    env: { ...process.env, HF_HUB_OFFLINE: '0', ...env },
  })
  let stderr = ''
  child.stderr!.on('data', (chunk: Buffer) => {
    stderr += chunk
  })
  const exit = new Promise<{ code: number; stderr: string }>((resolve) =>
    child.on('close', (code, signal) => resolve({ code: code ?? 128 + constants.signals[signal!], stderr })),
  )
  return { child, exit }
}

/** A plug-in that does something when it is loaded, after it has made the file `begun`. */
function pluginThat(does: string) {
  const folder = temporaryFolder()
  const [plugin, begun] = [join(folder, 'plugin.mjs'), join(folder, 'begun')]
  writeFileSync(
    plugin,
    `import { writeFileSync } from 'node:fs'\nexport default () => { writeFileSync(${JSON.stringify(begun)}, ''); ${does} }\n`,
  )
  const isBusy = async () => {
    while (!existsSync(begun)) await sleep(10)
  }
  return { argv: ['ls', 'models', '--plugin', plugin], isBusy }
}

describe.concurrent('a command', () => {
  it('tells what nobody has foreseen in one sentence, and where with --verbose', async () => {
    const thrown = 'Promise.reject(new TypeError("not\\na thing"))'
    const { argv } = pluginThat(`return new Promise(() => setTimeout(() => { ${thrown} }))`)
    const { code, stderr } = await start([...argv, '--verbose']).exit
    const [sentence, ...stack] = stderr.split('\n')
    expect([code, sentence]).toEqual([
      1,
      'saeval: something has happened that saeval does not expect (--verbose shows where): not a thing',
    ])
    expect(stack.join('\n')).toMatch(/at .*plugin\.mjs:2/)
  })

  it('tells that its memory is full', async () => {
    const { argv } = pluginThat('for (const all = [];;) all.push([...all.slice(-1000)])')
    const { code, stderr } = await start(argv, { NODE_OPTIONS: '--max-old-space-size=40' }).exit
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/^saeval: no memory is left \([^\n]*\); ask for less[^\n]*\n$/),
    ])
  })

  it('says that a full disk took its output', needs('/dev/full', existsSync('/dev/full')), async () => {
    for (const argv of [['cache', 'ls'], ['--version']])
      expect(await start(argv, {}, openSync('/dev/full', 'w')).exit).toEqual({
        code: 1,
        stderr:
          'saeval: standard output is incomplete: cannot write: no space is left (ENOSPC); what was to be written to files is there\n',
      })
  })

  it('does not fail where nobody reads what it says', async () => {
    const { child, exit } = start(['cache', 'ls'])
    child.stdout!.destroy()
    expect(await exit).toEqual({ code: 0, stderr: '' })
  })

  it('ends by a signal while it waits', async () => {
    const server = createServer(() => child.kill('SIGTERM')).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const HF_ENDPOINT = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const argv = ['run', '--model_args', 'pretrained=some/model', '--tasks', 'mmlu_anatomy']
    const { child, exit } = start(argv, { HF_ENDPOINT, HF_HOME: temporaryFolder() })
    expect(await exit).toEqual({ code: 143, stderr: 'no results were written\ninterrupted\n' })
    server.closeAllConnections()
    server.close()
  })

  it('ends within 2 seconds while it computes, by a second signal at once', async () => {
    const [once, twice] = [pluginThat('for (;;);'), pluginThat('for (;;);')]
    const [first, second] = [start(once.argv), start(twice.argv)]
    await Promise.all([once.isBusy(), twice.isBusy()])
    first.child.kill('SIGHUP')
    second.child.kill('SIGINT')
    await sleep(50)
    second.child.kill('SIGINT')
    const order: string[] = []
    const [one, two] = await Promise.all([
      first.exit.finally(() => order.push('one signal')),
      second.exit.finally(() => order.push('two signals')),
    ])
    expect([one, two, order]).toEqual([
      { code: 129, stderr: 'interrupted\n' },
      { code: 130, stderr: 'interrupted\n' },
      ['two signals', 'one signal'],
    ])
  })
})
