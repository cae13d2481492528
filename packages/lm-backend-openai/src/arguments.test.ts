import { join } from 'node:path'
import type { ModelArguments } from '@saeval/language-model'
import { expect, it } from 'vitest'
import { demoFolder } from '../../../tests/fixtures.js'
import { localCompletions } from './local-completions.js'

const open = async (args: ModelArguments) => {
  const given = {
    model: 'm',
    base_url: 'http://localhost:1/v1/completions',
    tokenizer: join(demoFolder, 'model'),
    ...args,
  }
  return localCompletions(given, { batchSize: '1', device: null, notice: () => {}, hub: {} })
}

it.each([
  [{ base_url: null }, 'needs `modelArgs` base_url='],
  [{ base_url: 'localhost:8000' }, 'base_url is no address of a server'],
  [{ model: null }, 'needs `modelArgs` model='],
  [{ batch_size: 4 }, 'batch_size is not supported by model local-completions: `batchSize` says'],
  [{ max_gen_toks: 4 }, 'max_gen_toks is not supported'],
  [{ auth_token: 'secret' }, 'auth_token is not supported'],
  [{ trust_remote_code: true }, 'runs no code'],
  [{ tokenizer_backend: 'tiktoken' }, 'tokenizer_backend=tiktoken is not supported'],
  [{ tokenizer_backend: 'remote' }, 'tokenizer_backend=remote is not supported'],
  [{ timeout: 0 }, 'timeout is 0'],
  [{ header: { a: 1 } }, 'header holds a value that is not a text'],
  [{ header: { a: 'x\ny-secret' } }, 'HTTP does not allow'],
  [{ ca_cert_path: '/nowhere.pem' }, 'ca_cert_path /nowhere.pem cannot be read'],
  [{ constructor: 1 }, 'model local-completions has no argument "constructor"'],
  [{ tokeniser: 'x' }, 'has no argument "tokeniser"'],
])('refuses %j', async (args, message) => {
  const error = await open(args as never).then(
    () => null,
    (cause: Error) => cause,
  )
  expect(error?.message).toContain(message)
  expect(error?.message).not.toMatch(/secret|\n/)
})
