import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type CardTexts, makeCard, pushCard, type RunSettings } from '@saeval/experiments'
import { cardNames } from '@saeval/experiments/internal/card/card-file'
import { InputError } from '@saeval/hub'
import { runtimeVersion } from '@saeval/lm-backend-onnx'
import { commandWords } from '../options/command-line.js'
import { type DeviceFlags, deviceOf } from '../options/device-options.js'
import { inFlags } from '../options/flag-words.js'
import { loadedPlugins } from '../plugins/load-plugins.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import { version } from '../version.js'
import { recordedCommand } from './planned-experiment.js'
import type { Surroundings } from './run.js'

export interface CardCommandOptions extends VerbosityOptions, DeviceFlags {
  readonly output?: string
  readonly texts: CardTexts
  readonly title?: string
  readonly push?: string
  readonly public?: boolean
  readonly confirm_run_unsafe_code?: boolean
}

/** `saeval card`: makes a card of results, prints what it is, pushes it. What can fail by a name or a token fails first. */
export async function cardCommand(
  results: string,
  options: CardCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const { output, push, public: isPublic = false, title } = options
  if (isPublic && push === undefined)
    throw new InputError('--public says who may read what --push makes; give --push too')
  const isCard = existsSync(join(results, cardNames.manifest))
  if (output === undefined && !(isCard && push !== undefined))
    throw new InputError(
      '--output is missing, the folder of the card; without it a card that is there can be pushed (--push)',
    )
  if (output !== undefined && isCard) throw new InputError(`${results} is a card already; leave --output out`)
  const terminal = openTerminal(stderr, options)
  const hub = { signal, onProgress: terminal.download, onNotice: terminal.warn }
  try {
    const hubCard = push === undefined ? null : await pushCard(push, isPublic, hub)
    if (output !== undefined) {
      const { card, check } = await makeCard({
        results,
        output,
        texts: options.texts,
        ...(title === undefined ? {} : { title }),
        settingsOf: recordedSettings,
        words: inFlags,
        saeval: version,
        environment: { onnxruntime: runtimeVersion() },
        plugins: loadedPlugins(),
        confirmUnsafeCode: options.confirm_run_unsafe_code ?? false,
        ...deviceOf(options),
        signal,
        hub,
        onNotice: terminal.notice,
        onStage: (what, share) => terminal.status({ what, share, rate: null, left: null }),
      })
      terminal.clear()
      stdout.write(`card: ${output}, SHA-256 ${check.sha256}\n`)
      for (const [name, copy] of Object.entries(card.folders))
        stdout.write(
          copy === null
            ? `the files of ${name} are not in it, only their hashes: they are more than 100 MB\n`
            : `the files of ${name} are in it\n`,
        )
      stdout.write(`"saeval check ${output}" checks it\n`)
    }
    if (hubCard === null) return
    await hubCard.push(output ?? results)
    terminal.clear()
    stdout.write(`pushed to ${push}: "saeval check ${push}" checks it\n`)
  } finally {
    terminal.clear()
  }
}

/** What a command line asks for that results record. */
async function recordedSettings(line: string): Promise<RunSettings> {
  const [program, ...words] = commandWords(line)
  if (program !== 'saeval')
    throw new InputError(`the results were made by "${line.slice(0, 100)}", which is no command of saeval`)
  return recordedCommand(words)
}
