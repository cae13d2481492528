import { expect, it } from 'vitest'
import { fakeSweep } from '../../../report/src/results/fake-sweep.testing.js'
import { runCommand } from '../run.testing.js'
import { ui } from './ui.js'

it('prints an address that shows the folder, and ends when it is told to', async () => {
  const controller = new AbortController()
  const said = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') =>
    ({ write: (text: string) => (said[name] += text) }) as unknown as NodeJS.WriteStream
  const running = ui(
    fakeSweep([-20, 20], 4),
    {},
    { stdout: stream('stdout'), stderr: stream('stderr'), signal: controller.signal },
  )
  await expect.poll(() => said.stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/\n$/)
  expect(said.stderr).toContain('Ctrl-C ends it')
  const page = await fetch(said.stdout.trim())
  expect(await page.text()).toContain('5 of 5 cells done')
  controller.abort()
  await expect(running).rejects.toThrow(/aborted/)
  await expect(fetch(said.stdout.trim())).rejects.toThrow()
})

it('refuses a port and a folder that are none', async () => {
  expect(await runCommand(['ui', '.', '--port', '99999'])).toMatchObject({
    code: 2,
    stderr: 'saeval: --port must be a number from 0 to 65535, not "99999"\n',
  })
  expect(await runCommand(['ui', '/nowhere'])).toMatchObject({ code: 2, stderr: 'saeval: /nowhere: no such folder\n' })
})
