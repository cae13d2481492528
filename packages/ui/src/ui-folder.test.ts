import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownIdentity } from '@saeval/hub/internal/claims/process-identity'
import { describe, expect, it } from 'vitest'
import { fakeSweep } from '../../report/src/results/fake-sweep.testing.js'
import { comparePage } from './pages/compare-page.js'
import { resultsPage } from './pages/results-page.js'
import { openFolder } from './ui-folder.js'

/** Changes sweep.json. */
function change(folder: string, how: (cells: { id: string; results: object }[]) => void): void {
  const path = join(folder, 'sweep.json')
  const sweep = JSON.parse(readFileSync(path, 'utf8'))
  how(sweep.cells)
  writeFileSync(path, JSON.stringify(sweep))
}

const query = new URLSearchParams({ a: 'baseline', b: 'latent-7-coefficient-20' })

describe('openFolder', () => {
  it('keeps nothing of what was for what is', async () => {
    const path = fakeSweep([-20, 20], 12)
    const folder = openFolder({ folder: path })
    await folder.view().experiment()
    const begun = comparePage(folder.view(), query)
    // while the page is made, the cell gets the results of another one
    change(path, (cells) => Object.assign(cells[1]!, { results: cells[3]!.results }))
    const old = await begun
    const fresh = await comparePage(openFolder({ folder: path }).view(), query)
    expect(fresh).not.toBe(old)
    expect(await comparePage(folder.view(), query)).toBe(fresh)
  })

  it('finds a run by its cell, wherever it stands, and no other one', async () => {
    const path = fakeSweep([-20, 20], 12)
    const folder = openFolder({ folder: path })
    const chosen = async () => (await comparePage(folder.view(), query)).match(/ selected>[^<]*/g)?.slice(0, 2)
    expect(await chosen()).toEqual([' selected>unsteered', ' selected>coefficient 20, latent 7'])
    change(path, (cells) => cells.splice(0, 1))
    expect(await chosen()).toEqual([' selected>unsteered', ' selected>coefficient 20, latent 7'])
    change(path, (cells) => cells.splice(0, 1))
    await expect(chosen()).rejects.toThrow(
      'the address names the run "latent-7-coefficient-20", which is not in this folder now; choose another one',
    )
  })

  it('tells a cell that a process has from one whose process is dead', async () => {
    const path = fakeSweep([-20, 20], 4)
    change(path, (cells) => cells.slice(1).map((cell) => Object.assign(cell, { results: {} })))
    const claim = (id: string, pid = process.pid) =>
      writeFileSync(join(path, 'claims', `${id}.claim`), JSON.stringify({ ...ownIdentity(), pid }))
    mkdirSync(join(path, 'claims'))
    claim('latent-7-coefficient-20')
    claim('latent-11-coefficient--20')
    const folder = openFolder({ folder: path })
    const shown = async () => {
      const html = await resultsPage(folder.view())
      return [
        /; now ([^<]*)/.exec(html)?.[1]?.trim(),
        [...html.matchAll(/<span>(done|running|lost|waiting)</g)].map(([, state]) => state),
      ]
    }
    expect(await shown()).toEqual([
      'coefficient 20, latent 7; coefficient −20, latent 11',
      ['done', 'done', 'running', 'running', 'waiting'],
    ])
    const before = folder.version()
    expect(folder.version()).toBe(before)
    // no process has this id
    claim('latent-11-coefficient--20', 2 ** 22 + 1)
    expect(folder.version()).not.toBe(before)
    expect(await shown()).toEqual(['coefficient 20, latent 7', ['done', 'done', 'running', 'lost', 'waiting']])
  })

  it('makes nothing anew where only who has a cell has changed, and of a run nothing while its files stay', async () => {
    const path = fakeSweep([-20, 20], 4)
    const folder = openFolder({ folder: path })
    const before = folder.view()
    const made: string[] = []
    const make = (view: typeof before) => {
      const own = async () => String(made.push('page'))
      return view.kept('page', own)
    }
    const steer = async (view: typeof before) => {
      const [run] = (await view.experiment()).runs
      return view.steered.get(null, run!.results, async () => ({ made: made.push('steer') }) as never)
    }
    await make(before)
    await steer(before)
    mkdirSync(join(path, 'claims'))
    writeFileSync(join(path, 'claims', 'latent-7-coefficient-20.claim'), JSON.stringify(ownIdentity()))
    const claimed = folder.view()
    expect([claimed.files === before.files, claimed.version === before.version]).toEqual([true, false])
    await make(claimed)
    expect(made).toEqual(['page', 'steer'])
    // another cell ends
    change(path, (cells) => cells.splice(-1))
    const ended = folder.view()
    expect(ended.files).not.toBe(before.files)
    await make(ended)
    await steer(ended)
    expect(made).toEqual(['page', 'steer', 'page'])
  })

  it('counts controls beside the cells, and says that they are drawn', async () => {
    const path = fakeSweep([20], 4, 2)
    const file = join(path, 'sweep.json')
    const sweep = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(
      file,
      JSON.stringify({
        ...sweep,
        controls: sweep.controls.map((one: object, at: number) => (at < 3 ? one : { ...one, results: {} })),
      }),
    )
    mkdirSync(join(path, 'claims'))
    for (const id of ['controls', sweep.controls[3].id])
      writeFileSync(join(path, 'claims', `${id}.claim`), JSON.stringify(ownIdentity()))
    const html = await resultsPage(openFolder({ folder: path }).view())
    expect(html).toContain(
      '3 of 3 cells and 3 of 5 controls done; now controls are drawn; coefficient 20, latent 7, control direction 2 <progress max="8" value="6">',
    )
    expect(html).toContain('<span>coefficient 20, latent 7, control flipped</span>')
    expect(html).toContain('<option value="&quot;random latents&quot;">random latents</option>')
  })

  it('looks past links that lead nowhere, and a folder that is gone', async () => {
    const path = fakeSweep([20], 4)
    const folder = openFolder({ folder: path })
    const before = folder.version()
    symlinkSync(join(path, 'nowhere'), join(path, 'link.json'))
    expect(folder.version()).toBe(before)
    rmSync(path, { recursive: true })
    expect(folder.version()).not.toBe(before)
    expect(await resultsPage(folder.view())).toContain('no such file or folder')
  })
})
