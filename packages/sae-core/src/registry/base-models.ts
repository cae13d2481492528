import { releases } from './registry.js'

/** TransformerLens names, in lower case, whose Hugging Face repository does not follow from a pattern below. */
const aliases: ReadonlyMap<string, string> = new Map([
  ['gpt2', 'openai-community/gpt2'],
  ['gpt2-small', 'openai-community/gpt2'],
  ['mistral-7b', 'mistralai/Mistral-7B-v0.1'],
  ['mistral-7b-instruct', 'mistralai/Mistral-7B-Instruct-v0.1'],
  ['phi-3', 'microsoft/Phi-3-mini-4k-instruct'],
  ['phi-4', 'microsoft/phi-4'],
  ['llama-3-8b', 'meta-llama/Meta-Llama-3-8B'],
  ['llama-3-8b-instruct', 'meta-llama/Meta-Llama-3-8B-Instruct'],
])

/** Families whose TransformerLens names follow from the repository's; a function builds it from what the pattern found. */
const patterns: readonly (readonly [RegExp, (...parts: string[]) => string])[] = [
  [/^(gpt2-(?:medium|large|xl))$/, (name) => `openai-community/${name}`],
  [/^(pythia-.+)$/, (name) => `EleutherAI/${name}`],
  [/^gemma-4-(.+?b)((?:-it)?)$/, (size, tuned) => `google/gemma-4-${size!.toUpperCase()}${tuned}`],
  [/^(gemma-.+)$/, (name) => `google/${name}`],
  [
    /^qwen(2\.5|3)-([\d.]+)b((?:-instruct)?)$/,
    (version, size, tuned) => `Qwen/Qwen${version}-${size}B${capital(tuned!)}`,
  ],
  [/^tiny-stories-(\d+)m$/, (size) => `roneneldan/TinyStories-${size}M`],
  [/^tiny-stories-instruct-(\d+)m$/, (size) => `roneneldan/TinyStories-Instruct-${size}M`],
  [/^tiny-stories-1l-(\d+)m$/, (size) => `roneneldan/TinyStories-1Layer-${size}M`],
  [/^tiny-stories-2l-(\d+)m$/, (size) => `roneneldan/TinyStories-2Layers-${size}M`],
]

function capital(suffix: string): string {
  return suffix === '' ? '' : '-Instruct'
}

/**
 * The Hugging Face repository of a base model given by its own name, its TransformerLens name or, for models that SAELens has SAEs
 * for, its name without the organisation; anything else comes back as it is. As in TransformerLens, case does not matter in the last
 * two.
 */
export function baseModelRepository(name: string): string {
  if (name.includes('/')) return name
  const lower = name.toLowerCase()
  const known = aliases.get(lower)
  if (known !== undefined) return known
  for (const [pattern, repository] of patterns) {
    const found = pattern.exec(lower)
    if (found) return repository(...found.slice(1))
  }
  const listed = [...releases().values()].find(({ model }) => model.split('/').at(-1)!.toLowerCase() === lower)
  return listed?.model ?? name
}

/** Whether two names mean one model: by repository name, or by its last part where one of them is a name whose organisation is not known. */
export function isSameModel(a: string, b: string): boolean {
  const [left, right] = [canonical(a), canonical(b)]
  if (left === right) return true
  return left.includes('/') !== right.includes('/') && left.split('/').at(-1) === right.split('/').at(-1)
}

/** In lower case, by the present names of repositories that were renamed. */
function canonical(name: string): string {
  return baseModelRepository(name)
    .toLowerCase()
    .replace(/^meta-llama\/meta-llama-3\.1-/, 'meta-llama/llama-3.1-')
}
