import { readYaml } from '@saeval/eval-harness/internal/yaml/yaml'
import { didYouMean, InputError } from '@saeval/hub'
import { dumpsJson, isDict, type PyValue, pyStr } from '@saeval/python'
import type { Command, Option } from 'commander'

/**
 * Fills in what --config names and the command line does not say: a YAML mapping whose keys are the flags' names. Throws InputError naming
 * the file and the key.
 */
export function applyConfigFile(command: Command, path: string): void {
  const file = readYaml(path)
  if (!isDict(file)) throw new InputError(`--config ${path} is not a mapping of flags and values`)
  const options = new Map(
    command.options.filter(({ hidden }) => !hidden).map((option) => [option.attributeName(), option]),
  )
  for (const [key, value] of file) {
    const option = options.get(key)
    if (!option || key === 'config')
      throw new InputError(
        `${path}: ${pyStr(key)} is not a flag of saeval ${command.name()}${didYouMean(pyStr(key), [...options.keys()])}`,
      )
    if (value === null || command.getOptionValueSource(key) === 'cli') continue
    command.setOptionValueWithSource(key, optionValue(option, value, path), 'config')
  }
}

/** A YAML value as the flag would read it from the command line. */
function optionValue(option: Option, value: PyValue, path: string): unknown {
  if (typeof value === 'boolean') {
    if (option.isBoolean()) return value
    if (option.optional && option.parseArg === undefined) return value
  } else if (option.isBoolean()) throw new InputError(`${path}: ${option.attributeName()} is neither true nor false`)
  const words = option.variadic && Array.isArray(value) ? (value as readonly PyValue[]) : [value]
  const texts = words.map((word) => wordOf(word))
  if (option.parseArg === undefined) return option.variadic ? texts : texts[0]
  try {
    return texts.reduce<unknown>((before, text) => option.parseArg!(text, before), undefined)
  } catch (cause) {
    if (InputError.isInstance(cause)) throw cause
    throw new InputError(`${path}: ${option.attributeName()} is ${texts.join(' ')}: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function wordOf(value: PyValue): string {
  if (isDict(value)) return dumpsJson(value)
  if (Array.isArray(value)) return value.map(wordOf).join(',')
  return typeof value === 'boolean' ? String(value) : pyStr(value)
}
