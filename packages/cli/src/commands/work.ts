import { arrayTask, readPlan, workOnPlan } from '@saeval/experiments'
import { buildHash } from '../build-hash.js'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { RemainingTime } from '../terminal/remaining-time.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import { version } from '../version.js'
import { parseCommand } from './planned-experiment.js'
import type { Surroundings } from './run.js'

/** The flags of `saeval work`. */
export interface WorkCommandOptions extends VerbosityOptions {
  readonly shard?: number
}

/** `saeval work PLAN`: does the item that is named, by --shard or by the engine that has started this process; or free ones until all are done. */
export async function work(
  folder: string,
  { shard, ...verbosity }: WorkCommandOptions,
  { stderr, stdout, signal }: Surroundings,
): Promise<void> {
  const plan = readPlan(folder)
  const item = shard ?? arrayTask(process.env, plan.items.length)
  const { spec } = await parseCommand(plan.command)
  const terminal = openTerminal(stderr, verbosity)
  const now = () => performance.now()
  const times = new Map<number, RemainingTime>()
  try {
    const done = await workOnPlan({
      spec,
      folder,
      plan,
      saeval: version,
      build: buildHash(),
      plugins: loadedPlugins(),
      shard: item,
      signal,
      hub: { onProgress: terminal.download, onNotice: terminal.warn },
      onNotice: terminal.notice,
      onWork: (number, progress) => {
        const time = times.get(number) ?? new RemainingTime(now)
        times.set(number, time)
        time.update([{ kind: 'work', ...progress, alike: true }])
        terminal.status({ what: `item ${number}`, share: time.share, rate: null, left: time.left })
      },
    })
    terminal.clear()
    stdout.write(`${done.length === 0 ? 'nothing was left to do' : `done: item ${done.join(', ')}`}\n`)
  } catch (error) {
    if (signal.aborted) terminal.warn('what is done is kept; saeval work goes on with the rest')
    throw error
  } finally {
    terminal.clear()
  }
}
