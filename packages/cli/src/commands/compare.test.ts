import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { fakeSweep, writeRun } from '../../../report/src/results/fake-sweep.testing.js'
import { runCommand } from '../run.testing.js'

describe('saeval compare', () => {
  const folders = [{ dogs: [1, 1, 1, 1, 1, 1, 1, 0] }, { dogs: [0, 0, 0, 0, 0, 0, 0, 0] }].map((scores) => {
    const folder = temporaryFolder()
    writeRun(folder, { pretrained: 'tiny' }, scores)
    return folder
  }) as [string, string]

  it('prints differences and changed answers', async () => {
    const { code, stdout } = await runCommand(['compare', ...folders, '--show', '1'])
    expect(code).toBe(0)
    expect(stdout).toContain('|dogs |none  |acc   |↑  | 0.875|    0|    -0.875|')
    expect(stdout).toContain(
      '7 answers changed; the first 1:\n\ndogs #0, target 0\n  Question: What sound does dogs 0 make?',
    )
    expect(stdout).toContain('"a bark" (score 1, margin')
  })

  it('prints the same as JSON', async () => {
    const { stdout } = await runCommand(['compare', ...folders, '--json'])
    const { comparisons, changed } = JSON.parse(stdout)
    expect(comparisons[0]).toMatchObject({ task: 'dogs', before: 0.875, after: 0, paired: { n: 8 } })
    expect(changed).toHaveLength(7)
  })

  it('shows infinite values, and p values that are next to nothing', async () => {
    const runs = [1, 0].map((score) => {
      const folder = temporaryFolder()
      const path = writeRun(folder, { pretrained: 'tiny' }, { dogs: Array.from({ length: 40 }, () => score) })
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, text.replace('"acc,none"', `"ppl,none":Infinity,"bits,none":${score ? 2 : 'NaN'},"acc,none"`))
      return folder
    }) as [string, string]
    const { stdout } = await runCommand(['compare', ...runs])
    const cells = stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
    const row = (metric: string) => cells.find((line) => line[3] === metric)!.slice(5, 11)
    expect(row('ppl')).toEqual(['Infinity', 'Infinity', 'NaN', 'not finite', '', ''])
    expect(row('bits')).toEqual(['2', 'NaN', 'NaN', 'not finite', '', ''])
    expect(row('acc')).toEqual(['1', '0', '-1', expect.any(String), '< 0.0001', '< 0.0001'])
    const json = JSON.parse((await runCommand(['compare', ...runs, '--json'])).stdout)
    expect(json.comparisons.find(({ metric }: { metric: string }) => metric === 'ppl')).toMatchObject({
      before: 'Infinity',
      after: 'Infinity',
      unpaired: 'not finite',
    })
  })

  it('asks which run is meant where there are several', async () => {
    const { code, stderr } = await runCommand(['compare', fakeSweep([1, 2]), folders[0]])
    expect(code).toBe(2)
    expect(stderr).toMatch(/holds 5 runs; name one of its results files: /)
  })
})

describe('saeval report', () => {
  it('writes the page into the folder', async () => {
    const folder = fakeSweep([-50, 50])
    const { code, stdout } = await runCommand(['report', folder])
    expect(code).toBe(0)
    expect(stdout).toContain(join(folder, 'report.html'))
    expect(existsSync(join(folder, 'charts', 'acc-trade-off.png'))).toBe(true)
  })

  it('says where it cannot write', async () => {
    const folder = fakeSweep([-50, 50])
    const file = join(folder, 'sweep.json')
    for (const [output, message] of [
      [join(file, 'page.html'), /^saeval: --output .*page\.html: cannot write into .*sweep\.json \(E\w+\)\n$/],
      ['/proc/saeval/page.html', /^saeval: --output .*: cannot write into \/proc\/saeval \(E\w+\)\n$/],
      [folder, /^saeval: --output .* is a folder; name a file\n$/],
      ['', /^saeval: --output is empty/],
    ] as const) {
      const { code, stderr } = await runCommand(['report', folder, '-o', output])
      expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(message) })
    }
    writeFileSync(join(folder, 'charts'), '')
    const { code, stderr } = await runCommand(['report', folder])
    expect([code, stderr]).toEqual([2, expect.stringMatching(/report\.html: cannot write into .*charts \(E\w+\)\n$/)])
  })

  it('says what is wrong in one sentence', async () => {
    const { code, stderr } = await runCommand(['report', join(temporaryFolder(), 'nothing')])
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^saeval: .*: no such file or folder\n$/),
    })
  })
})
