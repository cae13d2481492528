import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { commands, newFolder, parts, runIn } from '../tools/crash-drill/commands.mjs'
import { difference, resultsIn } from '../tools/crash-drill/results.mjs'
import { missingSlurm, withSlurm } from '../tools/slurm/cluster.mjs'

const why = missingSlurm()

it.skipIf(why !== null)(
  `an array of Slurm gives what one process gives${why === null ? '' : `: ${why}`}`,
  async () => {
    const alone = newFolder()
    expect(await runIn(alone, commands['sweep that is planned'])).toMatchObject({ end: 0 })
    const folder = newFolder()
    await withSlurm(async ({ env, slurm, kill }) => {
      const jobs = () => slurm('squeue', '-h', '-r', '-o', '%T %j %N').trim().split('\n').filter(Boolean)
      const waitFor = async (what: (jobs: string[]) => boolean) => {
        for (let tries = 0; !what(jobs()); tries++) {
          if (tries === 360) throw new Error(jobs().join('\n'))
          await wait(500)
        }
      }
      const { end, stderr } = await runIn(folder, [...parts.plan, '--submit', 'slurm', '--time', '10'], { env })
      expect([end, end === 0 ? '' : stderr]).toEqual([0, ''])
      // a node dies: Slurm starts its task again elsewhere, while the first one may still run
      await waitFor((all) => all.some((job) => /^RUNNING saeval n2/.test(job)))
      kill('n2')
      slurm('scontrol', 'update', 'NodeName=n2', 'State=DOWN', 'Reason=test')
      await waitFor((all) => all.length === 0)
    })
    expect(difference(resultsIn(alone), resultsIn(folder))).toBe(null)
  },
  300_000,
)
