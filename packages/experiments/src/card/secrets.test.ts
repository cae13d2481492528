import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { refuseSecrets, withoutFolders } from './secrets.js'

const home = '/home/somebody'
beforeAll(() => vi.stubEnv('HOME', home))
afterAll(() => vi.unstubAllEnvs())

const folder = temporaryFolder()
const refuse = (text: string, env: Record<string, string> = {}, name = 'a.json') => {
  writeFileSync(join(folder, name), text)
  return refuseSecrets(folder, [name], { HF_HOME: folder, ...env })
}

it.each<[string, string, Record<string, string>]>([
  [`hf_${'a1B2'.repeat(9)}`, 'a token of the Hugging Face Hub', {}],
  [`sk-proj-${'a1B2'.repeat(9)}`, 'an API key', {}],
  [`ghp_${'a1B2'.repeat(9)}`, 'a token of GitHub', {}],
  [`AKIA${'A1B2'.repeat(4)}`, 'a key of AWS', {}],
  ['-----BEGIN RSA PRIVATE KEY-----', 'a private key', {}],
  ['https://me:pass@host/x', 'an address with a password', {}],
  ['my-own-secret-of-work', "the value of the environment's WORK_API_KEY", { WORK_API_KEY: 'my-own-secret-of-work' }],
  [`${home}/x`, 'the path of your home folder', {}],
])('finds %s anywhere in a file, and does not say it', async (secret, what, env) => {
  // beyond what is read at once
  for (const before of [0, 65_530, 200_000]) {
    const refused = refuse(`${'x '.repeat(before / 2)}${secret} `, env)
    await expect(refused).rejects.toThrow(`a.json would hold ${what}`)
    await expect(refused).rejects.not.toThrow(secret)
  }
})

it('takes texts without any, and masked ones', async () => {
  await refuse('https://***@host/x https://me:***@host hf_short sk-short', { WORK_KEY: 'short' })
})

it('searches files that are no text too', async () => {
  const bytes = Buffer.concat([Buffer.from([0, 255, 128]), Buffer.from(`pässword-of-work hf_${'a1B2'.repeat(9)}`)])
  const found = async (env: Record<string, string>) => {
    writeFileSync(join(folder, 'a.bin'), bytes)
    await refuseSecrets(folder, ['a.bin'], { HF_HOME: folder, ...env })
  }
  await expect(found({})).rejects.toThrow('a.bin would hold a token of the Hugging Face Hub')
  await expect(found({ WORK_KEY: 'pässword-of-work' })).rejects.toThrow("the environment's WORK_KEY")
})

it('leaves folders out of texts, and no others', () => {
  const given = ['/data/me/x.csv', 'csv=/data/me/x.csv,a=1', '/data/me', '/data/mesa/x', 'a/data/me/x', `${home}/y`]
  expect(withoutFolders(given, '/data/me')).toEqual([
    'x.csv',
    'csv=x.csv,a=1',
    '.',
    '/data/mesa/x',
    'a/data/me/x',
    '~/y',
  ])
})
