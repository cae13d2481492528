import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { plainArguments } from '@saeval/experiments/internal/plain-arguments'
import { InputError, writeFiles } from '@saeval/hub'
import type { PyDict } from '@saeval/python'
import { renderGenerations } from '@saeval/report'
import { type GeneratePlan, type Generation, type Generations, generate } from '@saeval/steering'
import { type DeviceFlags, deviceOf } from '../options/device-options.js'
import { inFlags } from '../options/flag-words.js'
import { prepareOutputFile } from '../options/output-file.js'
import { announcementLines } from '../terminal/announcement.js'
import { openTerminal } from '../terminal/terminal.js'
import type { VerbosityOptions } from '../terminal/verbosity.js'
import type { Surroundings } from './run.js'

export interface GenerateCommandOptions extends VerbosityOptions, DeviceFlags {
  readonly model: string
  readonly model_args: PyDict
  readonly prompts?: string
  readonly coefficients?: readonly number[]
  readonly max_gen_toks: number
  readonly temperature: number
  readonly top_k?: number
  readonly top_p?: number
  readonly seed: number
  readonly until?: readonly string[]
  readonly apply_chat_template?: boolean
  readonly output?: string
  readonly json?: boolean
  readonly dry_run?: boolean
}

/** `saeval generate <prompts>`: prints unsteered and steered continuations, writes them as JSON or HTML. */
export async function generateCommand(
  words: readonly string[],
  options: GenerateCommandOptions,
  { stdout, stderr, signal }: Surroundings,
): Promise<void> {
  const { output, json = false } = options
  if (output !== undefined && !['.json', '.html'].includes(extname(output)))
    throw new InputError(`--output ${output}: expected a name that ends in .json or .html`)
  if (output !== undefined && !options.dry_run) prepareOutputFile('--output', output)
  const prompts = [...words, ...(options.prompts === undefined ? [] : readPrompts(options.prompts))]
  const terminal = openTerminal(stderr, options)
  if (prompts.length === 0)
    throw new InputError('give a prompt (before -a, or after --), or --prompts with a file of them')
  const streams = stdout.isTTY && !json
  let at: { prompt: number; label: string } | null = null
  const found = await generate({
    model: options.model,
    modelArgs: plainArguments(options.model_args),
    prompts,
    coefficients: options.coefficients ?? null,
    maxGenToks: options.max_gen_toks,
    temperature: options.temperature,
    topK: options.top_k ?? null,
    topP: options.top_p ?? null,
    seed: options.seed,
    until: options.until ?? [],
    applyChatTemplate: options.apply_chat_template ?? false,
    ...deviceOf(options),
    signal,
    hub: { signal, onProgress: terminal.download, onNotice: terminal.warn },
    onNotice: terminal.notice,
    ...(options.dry_run
      ? {
          onPlanned: ({ model, info, planned, settings }: GeneratePlan) => {
            terminal.clear()
            const kind = 'generate_until' as const
            const requests = { done: 0, total: planned.requests }
            const kinds = [{ kind, planned, requests, work: { done: 0, total: planned.work } }]
            for (const line of announcementLines({ ...info, model, kinds, runs: settings, time: null }))
              stdout.write(`${line}\n`)
          },
        }
      : {}),
    ...(streams
      ? {
          onText: (place, added) => {
            // once: the texts may stand on the same terminal
            if (at === null) terminal.clear()
            if (at?.prompt !== place.prompt)
              stdout.write(`${at === null ? '' : '\n\n'}${promptLine(prompts[place.prompt]!)}`)
            if (at?.prompt !== place.prompt || at.label !== place.label) stdout.write(`\n${place.label}:\n  `)
            stdout.write(added.replaceAll('\n', '\n  '))
            at = place
          },
        }
      : {}),
  })
  terminal.clear()
  if (found === null) return
  const generations = { ...found, unread: found.unread.map(inFlags) }
  if (json) stdout.write(`${JSON.stringify(generations, null, 2)}\n`)
  else if (streams) stdout.write('\n\n')
  else stdout.write(`${generations.prompts.map(block).join('\n')}\n`)
  if (!json) for (const line of [...generations.edits, ...generations.unread]) stdout.write(`${line}\n`)
  if (output !== undefined) {
    writeFiles([[output, fileOf(output, generations)]])
    terminal.info(`written: ${output}`)
  }
}

function fileOf(path: string, generations: Generations): string {
  return extname(path) === '.html' ? renderGenerations(generations) : `${JSON.stringify(generations, null, 2)}\n`
}

/** One prompt a line, or one JSON object {"prompt": …} a line. Throws InputError that names the line. */
function readPrompts(path: string): string[] {
  let content: string
  try {
    content = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new InputError(`cannot read --prompts ${path}`, { cause })
  }
  const lines = content
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]))
  if (lines.length === 0) throw new InputError(`--prompts ${path} holds no prompt`)
  if (!lines[0]!.line.startsWith('{')) return lines.map(({ line }) => line)
  return lines.map(({ line, number }) => {
    try {
      const { prompt } = JSON.parse(line) as { prompt?: unknown }
      if (typeof prompt === 'string') return prompt
    } catch (cause) {
      throw new InputError(`${path}:${number}: not a JSON object`, { cause })
    }
    throw new InputError(`${path}:${number}: "prompt" is missing or not a text`)
  })
}

function promptLine(prompt: string): string {
  return `> ${prompt.replaceAll('\n', '\n> ')}`
}

function block({ prompt, settings }: { prompt: string; settings: readonly Generation[] }): string {
  return `${promptLine(prompt)}\n${settings.map(({ label, text }) => `${label}:\n  ${text.replaceAll('\n', '\n  ')}\n`).join('')}`
}
