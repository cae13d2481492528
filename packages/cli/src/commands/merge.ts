import { planAnswers, readPlan } from '@saeval/experiments'
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
  const answering = await planAnswers(folder, plan, version)
  const told = { ...(verbosity === undefined ? {} : { verbosity }), ...(quiet ? { quiet } : {}) }
  if (command.kind === 'run') return run({ ...command.options, ...told }, command.line, surroundings, answering)
  const { options } = command
  return runSweep({ ...options, run: { ...options.run, ...told } }, command.line, surroundings, answering)
}
