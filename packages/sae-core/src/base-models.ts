/** TransformerLens names whose Hugging Face repository does not follow from a prefix below. */
const aliases: Readonly<Record<string, string>> = {
  gpt2: 'openai-community/gpt2',
  'gpt2-small': 'openai-community/gpt2',
  'gpt2-medium': 'openai-community/gpt2-medium',
  'gpt2-large': 'openai-community/gpt2-large',
  'gpt2-xl': 'openai-community/gpt2-xl',
  'mistral-7b': 'mistralai/Mistral-7B-v0.1',
  'llama-3-8b-instruct': 'meta-llama/Meta-Llama-3-8B-Instruct',
}

/** Families whose TransformerLens names are the repository names without the organisation. */
const organisations: readonly (readonly [prefix: RegExp, organisation: string])[] = [
  [/^pythia-/, 'EleutherAI'],
  [/^gemma-/, 'google'],
  [/^tiny-stories-/, 'roneneldan'],
]

/** The Hugging Face repository of a base model given by either name; anything else comes back as it is. */
export function baseModelRepository(name: string): string {
  const known = aliases[name]
  if (known !== undefined) return known
  const qwen = /^qwen3-([\d.]+)b$/.exec(name)
  if (qwen) return `Qwen/Qwen3-${qwen[1]}B`
  const tinyStories = /^tiny-stories-(\d+M)$/.exec(name)
  if (tinyStories) return `roneneldan/TinyStories-${tinyStories[1]}`
  const family = organisations.find(([prefix]) => prefix.test(name))
  return family ? `${family[1]}/${name}` : name
}

/** Whether two names mean one model: by repository name, or by its last part where only one side names the organisation. */
export function isSameModel(a: string, b: string): boolean {
  const [left, right] = [a, b].map((name) =>
    baseModelRepository(name)
      .toLowerCase()
      .replace(/^openai-community\//, ''),
  ) as [string, string]
  if (left === right) return true
  return left.includes('/') !== right.includes('/') && left.split('/').at(-1) === right.split('/').at(-1)
}
