import { didYouMean, InputError } from '@saeval/hub'
import { CommanderError } from 'commander'
import type { Surroundings } from './commands/run.js'
import { failureSentence, printable } from './failure-sentence.js'
import { inFlags } from './options/flag-words.js'
import { createProgram } from './program.js'

/** Exit codes: what a shell sees of a run. */
export const exitCode = { success: 0, failure: 1, badInput: 2, interrupted: 130 } as const

/**
 * Runs a command line (without node and script) and gives the exit code. Errors are one sentence; --verbose adds the stack. Models are those
 * that are registered, or that `register` registers before a command; help does without.
 */
export async function main(
  argv: readonly string[],
  surroundings: Surroundings,
  register: () => Promise<void> = async () => {},
): Promise<number> {
  const program = createProgram(surroundings, argv, register)
  try {
    const [first, asked = 'help'] = argv
    const names = ['help', ...program.commands.map((command) => command.name())]
    // commander answers with all of its help, as an error
    if (first === 'help' && !names.includes(asked))
      throw new InputError(`unknown command '${asked}'${didYouMean(asked, names)}`)
    await program.parseAsync(withCommand(argv), { from: 'user' })
    return exitCode.success
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return exitCode.success
    // a line that cannot be parsed has no options; a --config file can say verbose too
    const verbose =
      argv.includes('--verbose') ||
      program.commands.some((command) => command.opts().verbose === true || /^debug$/i.test(command.opts().verbosity))
    return report(error, verbose, surroundings)
  }
}

/** lm_eval takes flags without a subcommand; so does this. Nothing at all asks for help. */
function withCommand(argv: readonly string[]): string[] {
  const first = argv[0]
  if (first === undefined) return ['--help']
  const own = ['-h', '--help', '-V', '--version'].includes(first)
  return first.startsWith('-') && !own ? ['run', ...argv] : [...argv]
}

function report(error: unknown, verbose: boolean, { stderr, signal }: Surroundings): number {
  if (signal.aborted) {
    stderr.write('interrupted\n')
    return exitCode.interrupted
  }
  const isInput = InputError.isInstance(error) || error instanceof CommanderError
  const said = inFlags(error).replace(/^error: /, '')
  stderr.write(`saeval: ${isInput ? printable(said) : failureSentence(error, said)}\n`)
  if (verbose && error instanceof Error) stderr.write(`${stackOf(error)}\n`)
  return isInput ? exitCode.badInput : exitCode.failure
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
