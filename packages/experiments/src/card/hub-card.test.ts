import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { commit, startFakeHub } from '../../../hub/src/fake-hub.testing.js'
import { type FakeUploadHub, startFakeUploadHub } from '../../../hub/src/fake-upload-hub.testing.js'
import { fetchCard, pushCard } from './hub-card.js'
import { damageOf, manifestText, readManifest } from './manifest.js'

const token = 'hf_secretsecret'
const card = temporaryFolder()
let hub: FakeUploadHub
const env = (more: Record<string, string> = {}) => ({
  env: { HF_ENDPOINT: hub.endpoint, HF_HOME: temporaryFolder(), HF_TOKEN: token, ...more },
})

beforeAll(async () => {
  mkdirSync(join(card, 'files/a b'), { recursive: true })
  writeFileSync(join(card, 'README.md'), '# A card\n')
  writeFileSync(join(card, 'files/a b/weights.safetensors'), Buffer.from([0, 255, 128, 10, 13]))
  writeFileSync(join(card, 'manifest.json'), await manifestText(card))
  hub = await startFakeUploadHub(token)
})
afterAll(() => hub.close())

it('pushes every byte in one commit, in which files of an earlier card go and no others, and brings it back', async () => {
  const push = await pushCard('me/card', false, env())
  expect(hub.repositories.size).toBe(0)
  await push.push(card)
  const repository = hub.repositories.get('me/card')!
  repository.files.set('notes.md', 'of the owner')
  const earlier = JSON.parse(repository.files.get('manifest.json')!) as { files: Record<string, object> }
  earlier.files['old.json'] = { bytes: 2, sha256: '0'.repeat(64) }
  repository.files.set('old.json', '{}')
  repository.files.set('manifest.json', JSON.stringify(earlier))
  repository.files.set('.gitattributes', 'x')
  repository.bytes.set('.gitattributes', Buffer.from('x'))
  await push.push(card)
  expect(repository).toMatchObject({ isPrivate: true, commits: ['Steering card', 'Steering card'] })
  expect([...repository.files.keys()].sort()).toEqual([
    '.gitattributes',
    'README.md',
    'files/a b/weights.safetensors',
    'manifest.json',
    'notes.md',
  ])
  const reading = await startFakeHub('me/card', Object.fromEntries(repository.bytes), 4)
  try {
    const fetched = await fetchCard('me/card', env({ HF_ENDPOINT: reading.endpoint }))
    expect(fetched.commit).toBe(commit)
    const { manifest, sha256 } = readManifest(fetched.folder)
    expect(sha256).toBe(readManifest(card).sha256)
    expect(await damageOf(fetched.folder, manifest)).toEqual([])
    await fetched.close()
    await expect(fetchCard(`me/card@${commit}`, env({ HF_ENDPOINT: reading.endpoint }))).resolves.toBeDefined()
  } finally {
    await reading.close()
  }
})

it('deletes nothing of a repository that holds something else', async () => {
  const push = await pushCard('me/model', false, env())
  await push.push(card)
  const repository = hub.repositories.get('me/model')!
  for (const files of [{ 'config.json': '{}' }, { 'config.json': '{}', 'manifest.json': '{"files": 1}' }]) {
    repository.files.clear()
    for (const [path, text] of Object.entries(files)) repository.files.set(path, text)
    await expect(push.push(card)).rejects.toThrow(/me\/model.* is no (card: it holds config\.json|manifest)/)
    expect(Object.fromEntries(repository.files)).toEqual(files)
  }
  repository.files.clear()
  repository.files.set('README.md', '# New')
  await push.push(card)
  expect(repository.files.get('README.md')).toBe('# A card\n')
})

it('pushes no card that is not whole', async () => {
  const other = temporaryFolder()
  for (const name of ['README.md', 'manifest.json']) writeFileSync(join(other, name), readFileSync(join(card, name)))
  const push = await pushCard('me/part', true, env())
  await expect(push.push(other)).rejects.toThrow('is no whole card: files/a b/weights.safetensors is missing')
  await expect(push.push(temporaryFolder())).rejects.toThrow('is no card: it has no manifest.json')
  expect(hub.repositories.has('me/part')).toBe(false)
})

it.each<[string, Record<string, string>, string]>([
  ['card', {}, 'is not a repository name like owner/name'],
  ['../x', {}, 'is not a repository name like owner/name'],
  ['me/x', { HF_TOKEN: '' }, 'needs a token; set HF_TOKEN'],
  ['me/x', { HF_TOKEN: 'hf_wrong' }, 'may not be read'],
  ['me/x', { HF_HUB_OFFLINE: '1' }, 'HF_HUB_OFFLINE is set'],
])('refuses %s %j before anything is made', async (name, more, sentence) => {
  await expect(pushCard(name, false, env(more))).rejects.toThrow(sentence)
})

it('brings no repository that is no card, and none that names what is outside', async () => {
  const reading = await startFakeHub('me/model', { 'config.json': Buffer.from('{}') })
  try {
    await expect(fetchCard('me/model', env({ HF_ENDPOINT: reading.endpoint }))).rejects.toThrow('me/model is no card')
    await expect(fetchCard('no folder', env())).rejects.toThrow("is neither a card's folder nor a repository")
  } finally {
    await reading.close()
  }
  expect(readdirSync(card)).toContain('manifest.json')
})
