import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { InputError, resolveRepository } from './index.js'

it.each([
  [{ HF_TOKEN: 'hf_secret\nmore' }, /^HF_TOKEN holds no token/],
  [{ HF_TOKEN: 'hf secret' }, /^HF_TOKEN holds no token/],
  [{ HF_TOKEN: 'hf_sécret' }, /^HF_TOKEN holds no token/],
  [{ HF_TOKEN: '', HUGGING_FACE_HUB_TOKEN: '"hf_secret\u0000"' }, /^HUGGING_FACE_HUB_TOKEN holds no token/],
  [{ HF_ENDPOINT: 'http://me:secret@127.0.0.1:9' }, /^HF_ENDPOINT holds a user or a password/],
  [{ HF_ENDPOINT: 'secret' }, /^HF_ENDPOINT is not an address/],
  [{ HF_ENDPOINT: 'file:///secret' }, /^HF_ENDPOINT is not an address/],
  [{ HF_ENDPOINT: 'http://127.0.0.1:9?secret' }, /^HF_ENDPOINT is not an address/],
  [{ HF_HUB_ETAG_TIMEOUT: 'secret' }, /^HF_HUB_ETAG_TIMEOUT must be a number above 0/],
])('says what is wrong with %j without quoting it', async (env, message) => {
  const asked = resolveRepository({ type: 'model', name: 'evil/thing', env: { HF_HOME: temporaryFolder(), ...env } })
  const error: unknown = await asked.catch((cause: unknown) => cause)
  expect(InputError.isInstance(error)).toBe(true)
  expect((error as Error).message).toMatch(message)
  expect((error as Error).message).not.toMatch(/s[eé]cret/)
})
