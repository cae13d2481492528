import { nightly } from './fixtures.js'

/** Stand-ins whose passes are computed in ways of their own. */
const ownWays = new Set([
  'openai-community/gpt2',
  'google/gemma-2-2b',
  'EleutherAI/pythia-70m-deduped',
  'openai/gpt-oss-20b',
  'Qwen/Qwen3.5-2B-Base',
  'HuggingFaceTB/SmolLM3-3B-Base',
  'google/gemma-4-E2B',
  'meta-llama/Llama-4-Scout-17B-16E',
])

/** Options of a slow test of a stand-in: with every change it runs on models that differ in how a pass is computed, by night on all. */
export function daily(model: string): ReturnType<typeof nightly> {
  return ownWays.has(model) ? {} : nightly()
}
