import { type Named, sentence } from '@saeval/hub'

/** Options of libraries whose flag has another name. */
const flags: Readonly<Record<string, string>> = {
  confirmUnsafeCode: 'confirm_run_unsafe_code',
  unsafe: 'confirm_run_unsafe_code',
  withoutDownload: 'dry_run',
}

/** Functions of libraries: the commands that call them. */
const commands: Readonly<Record<string, string>> = {
  indexTasks: 'ls tasks',
  listCachedWeights: 'cache',
  planStatus: 'plan --status',
}

/** What a library or a command has said (text, a sentence, an error), with flags and commands for the options and functions it names. */
export function inFlags(said: unknown): string {
  return sentence`${said}`.with(nameOf)
}

function nameOf(named: Named): string {
  if ('call' in named) return `"saeval ${commands[named.call] ?? named.call}"`
  return `--${flags[named.option] ?? named.option.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`
}
