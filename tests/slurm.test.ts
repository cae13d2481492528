import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { commands, newFolder, parts, runIn } from '../tools/crash-drill/commands.mjs'
import { difference, resultsIn } from '../tools/crash-drill/results.mjs'
import { missingSlurm, withSlurm } from '../tools/slurm/cluster.mjs'

const why = missingSlurm()
// what a shell and Slurm have a meaning of their own for
const plan = 'the "100%A" plan'

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
      const argv = parts.plan.map((word, at) => (at === 1 ? plan : word))
      const { end, stderr } = await runIn(folder, [...argv, '--submit', 'slurm', '--time', '10'], { env })
      expect([end, end === 0 ? '' : stderr]).toEqual([0, ''])
      // a node dies with what it runs: Slurm starts its task again on the other one, as the job asks for that
      await waitFor((all) => all.some((job) => /^RUNNING saeval n2/.test(job)))
      kill('n2')
      slurm('scontrol', 'update', 'NodeName=n2', 'State=DOWN', 'Reason=test')
      await waitFor((all) => all.length === 0)
      expect(slurm('scontrol', 'show', 'job')).toMatch(/ Restarts=1 /)
    })
    expect(difference(resultsIn(alone), resultsIn(folder))).toBe(null)
    expect(readdirSync(join(folder, plan, 'logs')).sort()).toEqual(['0.log', '1.log', '2.log', 'merge.log'])
  },
  300_000,
)
