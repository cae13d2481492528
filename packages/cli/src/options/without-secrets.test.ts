import type { PyDict } from '@saeval/python'
import { expect, it } from 'vitest'
import { commandLine } from './command-line.js'
import { withoutSecrets } from './without-secrets.js'

it('shows no header, user or password', () => {
  const args: PyDict = new Map<string, never>([
    ['model', 'm' as never],
    ['base_url', 'https://me:pass-word@host/v1' as never],
    ['header', new Map([['api-key', 'sk-1']]) as never],
  ])
  expect(
    JSON.stringify([...withoutSecrets(args)].map(([name, value]) => [name, value instanceof Map ? [...value] : value])),
  ).toBe('[["model","m"],["base_url","https://***@host/v1"],["header",[["api-key","***"]]]]')
})

it.each([
  ['{"model": "m", "header": {"api-key": "sk-1"}, "seed": 3}', `'{"model": "m", "header": "***", "seed": 3}'`],
  ["model=m,header={'api-key': 'sk-1'}", "'model=m,header=***'"],
  ['base_url=http://me:sk-1@host/v1,model=m', "'base_url=http://***@host/v1,model=m'"],
])('keeps them out of the command line: %s', (word, shown) => {
  expect(commandLine(['run', '--model_args', word])).toBe(`saeval run --model_args ${shown}`)
})
