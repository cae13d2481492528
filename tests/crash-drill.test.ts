import { afterAll, describe, it } from 'vitest'
import { chains, openDrill } from '../tools/crash-drill/drill.mjs'

// tools/crash-drill/README.md: with one seed here, with others by night
const drill = openDrill(1)
afterAll(() => drill.close())

describe.sequential('results are those of an unbroken command', () => {
  for (const { name, times } of chains(6)) it(`${name}, killed ${times} times`, () => drill.kills(name, times))
  it('workers of a plan, 3 of them killed', () => drill.workers(3))
  it('three sweeps of one folder, one of them killed', () => drill.together())
  it('after SIGINT, SIGTERM and SIGHUP', () => drill.signals('run'))
  it('after a full disk', () => drill.disk('sweep --use_cache'))
})
