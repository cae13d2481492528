import { randomBytes } from 'node:crypto'
import { pyStr } from '@saeval/python/internal/text/text'
import type { PyDict } from '@saeval/python/internal/values/value'

/** Arguments that name the model, first come first; base_name is that of sae_steered_beta. */
const nameArguments = ['peft', 'delta', 'pretrained', 'model', 'path', 'engine', 'base_name']

/** What a run's output folder is called after: the first argument that names the model, else eight random characters. */
export function modelName(args: PyDict): string {
  const name = nameArguments.find((key) => args.has(key))
  return name === undefined ? randomBytes(4).toString('hex') : pyStr(args.get(name)!)
}

/** A model's name as a folder: every run of the characters "<>:/\|?*[] becomes two underscores. */
export function sanitizeModelName(name: string): string {
  return name.replace(/["<>:/|\\?*[\]]+/g, '__')
}

/** Local time to the microsecond, as in file names: 2026-11-23T08-52-26.475924. */
export function dateId(milliseconds: number): string {
  const date = new Date(milliseconds)
  const pad = (value: number, length = 2) => String(value).padStart(length, '0')
  const day = `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`
  const micros = pad(Math.floor((milliseconds - Math.floor(milliseconds / 1000) * 1000) * 1000), 6)
  return `${day}T${pad(date.getHours())}-${pad(date.getMinutes())}-${pad(date.getSeconds())}.${micros}`
}
