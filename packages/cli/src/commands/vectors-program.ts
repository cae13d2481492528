import { InputError } from '@saeval/hub'
import type { Command } from 'commander'
import type { Surroundings } from './run.js'
import {
  addCaaFlags,
  addConvertFlags,
  addFromSaeFlags,
  type CaaFlags,
  type ConvertFlags,
  type FromSaeFlags,
} from './vectors-options.js'

/** Declares `saeval vectors` and the commands below it. */
export function addVectorsCommands(vectors: Command, surroundings: Surroundings): void {
  vectors
    .description('convert steering vectors between formats, and make them of texts or of latents')
    .helpOption('-h, --help', 'print this; "saeval vectors convert --help" tells of one')
    .helpCommand(false)
    .allowExcessArguments()
    .action((_parsed: object, command: Command) => {
      const [given] = command.args
      const names = vectors.commands.map((inner) => inner.name()).join(', ')
      throw new InputError(
        given === undefined
          ? `saeval vectors: say which: ${names}`
          : `saeval vectors has no "${given}"; it has ${names}`,
      )
    })
  addConvertFlags(vectors.command('convert')).action(async (input: string, output: string, flags: ConvertFlags) => {
    const { convert } = await import('./vectors.js')
    return convert(input, output, flags, surroundings)
  })
  addCaaFlags(vectors.command('caa')).action(async (output: string, flags: CaaFlags) => {
    const { caa } = await import('./vectors.js')
    return caa(output, flags, surroundings)
  })
  addFromSaeFlags(vectors.command('from-sae')).action(async (output: string, flags: FromSaeFlags) => {
    const { fromSae } = await import('./vectors.js')
    return fromSae(output, flags, surroundings)
  })
}
