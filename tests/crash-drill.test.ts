import { afterAll, describe, it } from 'vitest'
import { openDrill } from '../tools/crash-drill/drill.mjs'

// tools/crash-drill/README.md: with one seed here, with others by night
const drill = openDrill(1)
afterAll(() => drill.close())

describe.sequential('results are those of an unbroken command', () => {
  it('run, killed twice', () => drill.kills('run', 2))
  it('sweep --use_cache, killed once', () => drill.kills('sweep --use_cache', 1))
  it('workers of a plan, 2 of them killed', () => drill.workers(2))
  it('three sweeps of one folder, one of them killed', () => drill.together())
  it('after SIGINT, SIGTERM and SIGHUP', () => drill.signals('run'))
  it('after a full disk', () => drill.disk('sweep --use_cache'))
})
