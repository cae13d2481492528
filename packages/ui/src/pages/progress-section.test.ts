import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beginPlanFolder, openPlanFolder, writePlan } from '@saeval/experiments/internal/plan/plan-folder'
import { ownIdentity } from '@saeval/hub/internal/claims/process-identity'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { openFolder } from '../ui-folder.js'
import { resultsPage } from './results-page.js'

const block = (id: string) => ({ id, kind: 'loglikelihood', requests: 4, tokens: 10, work: 10 })
const plan = {
  saeval: '1.2.3',
  command: ['run', '<b>'],
  files: {},
  plugins: '',
  asked: {},
  device: 'cpu',
  build: '',
  measured: {},
  model: null,
  settings: ['unsteered', 'coefficient=<20>'].map((id) => ({ id, fingerprint: id })),
  blocks: ['a', 'b'].map(block),
  items: [0, 1, 2, 3].map((item) => {
    const [setting, at] = [item >> 1, item & 1]
    return { blocks: [at, at + 1] as const, settings: [setting, setting + 1] as const, work: 10 + 20 * at }
  }),
  cost: 1,
}

it('shows what workers of a plan have done, do and could not do', async () => {
  const path = join(temporaryFolder(), 'plan')
  beginPlanFolder(path, new Map())
  writePlan(path, plan)
  const opened = openPlanFolder(path, plan)
  const done = (item: number) => {
    for (const { part } of opened.partsOf(plan.items[item]!)) opened.putPart(part, { counted: [], answers: [] })
  }
  const folder = openFolder({ folder: path })
  const shown = async () => {
    const html = await resultsPage(folder.view())
    return {
      line: /<label>([^<]*)<progress max="(\d+)" value="(\d+)"/
        .exec(html)
        ?.slice(1)
        .map((part) => part.trim()),
      states: [...html.matchAll(/<span>(done|running|lost|failed|waiting)</g)].map(([, state]) => state),
      html,
    }
  }
  expect(await shown()).toMatchObject({
    line: ['0 of 4 items done, 0 % of the work', '80', '0'],
    states: Array(4).fill('waiting'),
  })
  const before = folder.version()
  done(1)
  expect(folder.version()).not.toBe(before)
  opened.setFailure(3, { host: 'here', error: 'it is <wrong>', isInput: true })
  const claim = (item: string, pid: number) =>
    writeFileSync(join(path, 'claims', `${item}.claim`), JSON.stringify({ ...ownIdentity(), pid }))
  claim('00000', process.pid)
  // no process has this id
  claim('00002', 2 ** 22 + 1)
  const { line, states, html } = await shown()
  expect(line).toEqual(['1 of 4 items done, 37 % of the work; 1 running; 1 failed; 1 lost', '80', '30'])
  expect(states).toEqual(['running', 'done', 'lost', 'failed'])
  expect(html).toContain('it is &lt;wrong&gt;')
  expect(html).toContain('coefficient=&lt;20&gt;')
  expect(html).toContain('holds no results')
})

it('says where a plan is damaged', async () => {
  const path = temporaryFolder()
  mkdirSync(join(path, 'claims'))
  writeFileSync(join(path, 'plan.json'), '{}')
  appendFileSync(join(path, 'plan.json'), '}')
  expect(await resultsPage(openFolder({ folder: path }).view())).toMatch(/plan\.json is damaged; make the plan anew/)
})
