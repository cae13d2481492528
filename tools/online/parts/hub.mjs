// The hub itself: a name becomes a commit, a small file is downloaded, a large one read in part.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { equal } from '../check.mjs'

const name = 'openai-community/gpt2'

async function run(hub) {
  const home = mkdtempSync(join(tmpdir(), 'saeval-online-'))
  // the token stays the user's; only the cache is a new one
  const options = { env: { ...process.env, HF_HUB_CACHE: home } }
  try {
    const repository = await hub.resolveRepository({ type: 'model', name, ...options })
    const config = await hub.repositoryFile(repository, 'config.json', options)
    const weights = await hub.openRepositoryFile(repository, 'model.safetensors', options)
    const start = await weights.read(0, 8)
    await weights.close()
    return [
      equal('main is a commit', /^[0-9a-f]{40}$/.test(repository.commit), true),
      equal('config.json lies below it', config.includes(repository.commit), true),
      equal('bytes read of the weights', start.byteLength, 8),
    ]
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** @param hub the package @saeval/hub */
export const hub = (hub) => [
  {
    name: 'hub',
    says: `${name} resolved, downloaded and read in part`,
    downloads: [],
    parameters: 0,
    tokens: 0,
    run: () => run(hub),
  },
]
