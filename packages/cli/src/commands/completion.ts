import type { Command } from 'commander'
import { bashCompletion } from '../completion/bash-completion.js'
import { completedCommands, modelNames } from '../completion/completed-commands.js'
import { fishCompletion } from '../completion/fish-completion.js'
import { zshCompletion } from '../completion/zsh-completion.js'
import type { Shell } from './choices.js'

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** `saeval completion <shell>`: the script that completes this program's commands, flags, tasks and models. */
export function completion(shell: Shell, program: Command): string {
  return writers[shell](completedCommands(program), modelNames())
}
