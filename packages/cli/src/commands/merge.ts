import { planAnswers, readPlan } from '@saeval/experiments'
import { buildHash } from '../build-hash.js'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import { version } from '../version.js'
import { parseCommand } from './planned-experiment.js'
import { run, type Surroundings } from './run.js'
import { runSweep } from './sweep.js'

/** `saeval merge PLAN`: the command that the plan is of, which takes all answers from the plan. */
export async function merge(
  folder: string,
  { verbosity, quiet }: VerbosityOptions,
  surroundings: Surroundings,
): Promise<void> {
  const plan = readPlan(folder)
  const command = await parseCommand(plan.command)
  const merging = await planAnswers(folder, plan, { saeval: version, build: buildHash(), plugins: loadedPlugins() })
  const { hardware } = merging
  if (hardware.length > 1)
    openTerminal(surroundings.stderr, { verbosity, quiet }).warn(
      `the answers are of ${hardware.join(' and ')}: their last digits may differ from those of one machine`,
    )
  const told = { ...(verbosity === undefined ? {} : { verbosity }), ...(quiet ? { quiet } : {}) }
  if (command.kind === 'run') return run({ ...command.options, ...told }, command.line, surroundings, merging)
  const { options } = command
  return runSweep({ ...options, run: { ...options.run, ...told } }, command.line, surroundings, merging)
}
