import { existsSync, readFileSync } from 'node:fs'
import { delimiter } from 'node:path'
import type { Seeds } from '@saeval/experiments'
import { defaultSeed } from '@saeval/language-model/internal/default-seed'
import { parseJson } from '@saeval/python/internal/json/json'
import type { PyDict } from '@saeval/python/internal/values/value'
import { InvalidArgumentError } from 'commander'
import { parseModelArgs } from '../model-args.js'

/** lm_eval's default of --seed. */
export const defaultSeeds = `0,${defaultSeed},${defaultSeed},${defaultSeed}`

/** Lets commander name the flag in front of a message. */
export function parser<Value>(parse: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return parse(text)
    } catch (cause) {
      if (cause instanceof RangeError) throw new InvalidArgumentError(cause.message)
      throw cause
    }
  }
}

/** name=value pairs in any number of words. */
export function pairs(flag: string): (text: string, before: PyDict | undefined) => PyDict {
  return (text, before) => new Map([...(before ?? []), ...parseModelArgs(text, flag)])
}

/** A number that counts something. */
export function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw new RangeError('Expected a whole number from 0.')
}

/** A whole number from 1. */
export function positive(text: string): number {
  const value = wholeNumber(text)
  if (value > 0) return value
  throw new RangeError('Expected a whole number from 1.')
}

/** A number above 0, such as minutes. */
export function aboveZero(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  throw new RangeError('Expected a number above 0.')
}

/** --limit: documents, or a share of them. */
export function limit(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value > 0 && (value < 1 || Number.isInteger(value))) return value
  throw new RangeError('Expected a positive whole number, or a fraction between 0 and 1.')
}

const units: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
}

/** --gpu_memory: a share up to 1, or bytes. */
export function memory(text: string): number {
  const [, number, unit] = /^\s*(\d+(?:\.\d*)?|\.\d+)\s*([A-Za-z]*)\s*$/.exec(text) ?? []
  const value = Number(number)
  const bytes = units[unit?.toUpperCase() ?? '']
  if (bytes !== undefined && value * bytes > 1) return Math.floor(value * bytes)
  if (unit === '' && value > 0 && value <= 1) return value
  throw new RangeError('Expected an amount such as 20GB or 16GiB, or a share of the memory up to 1 such as 0.8.')
}

/** true or false in lm_eval's words. */
export function truth(text: string): boolean {
  if (/^(true|1|yes)$/i.test(text)) return true
  if (/^(false|0|no)$/i.test(text)) return false
  throw new RangeError('Expected true or false.')
}

/** Folders, also several of them separated as in PATH. */
export function folders(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...(existsSync(text) ? [text] : text.split(delimiter))]
}

/** Words that are separated by commas too. */
export function splitWords(words: readonly string[]): string[] {
  return words
    .flatMap((word) => word.split(','))
    .map((word) => word.trim())
    .filter((word) => word !== '')
}

/** "7" or "0,1,2,3"; None leaves one out. */
export function seeds(text: string): Seeds {
  const values = text.split(',').map((part) => {
    const word = part.trim().toLowerCase()
    if (word === 'none') return null
    if (/^-?\d+$/.test(word)) return Number(word)
    throw new RangeError('Expected whole numbers or None, separated by commas.')
  })
  const defaults = defaultSeeds.split(',').map(Number)
  if (values.length !== 1 && values.length !== 3 && values.length !== 4)
    throw new RangeError('Expected 1, 3 or 4 numbers.')
  const [random, numpy, torch, fewshot] =
    values.length === 1 ? defaults.map(() => values[0]!) : [...values, ...defaults.slice(values.length)]
  return { random: random!, numpy: numpy!, torch: torch!, fewshot: fewshot! }
}

/** --samples: JSON or a file that holds it. */
export function samples(text: string): ReadonlyMap<string, readonly number[]> {
  const json = text.trimStart().startsWith('{') ? text : readSamplesFile(text)
  let value: unknown
  try {
    value = parseJson(json)
  } catch {
    throw new RangeError('Expected JSON like {"mmlu_anatomy": [0, 3]}, or a file that holds it.')
  }
  const entries = value instanceof Map ? [...(value as PyDict)] : []
  const fits =
    entries.length > 0 &&
    entries.every(([, list]) => Array.isArray(list) && list.length > 0 && list.every((item) => Number.isInteger(item)))
  if (!fits) throw new RangeError('Expected lists of document numbers by task, like {"mmlu_anatomy": [0, 3]}.')
  return new Map(entries as [string, number[]][])
}

function readSamplesFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    throw new RangeError(`There is no file ${path}, and it is not JSON.`)
  }
}
