import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { openRepositoryFile, repositoryFile, resolveRepository } from './index.js'

describe.skipIf(!process.env.SAEVAL_ONLINE)('the real hub', () => {
  const hub = () => ({ env: { ...process.env, HF_HOME: temporaryFolder() } })

  it('resolves, downloads and reads ranges', async () => {
    const options = hub()
    const repository = await resolveRepository({ type: 'model', name: 'openai-community/gpt2', ...options })
    expect(repository.commit).toMatch(/^[0-9a-f]{40}$/)
    expect(await repositoryFile(repository, 'config.json', options)).toContain(repository.commit)
    const weights = await openRepositoryFile(repository, 'model.safetensors', options)
    expect((await weights.read(0, 8)).byteLength).toBe(8)
    await weights.close()
  })
})
