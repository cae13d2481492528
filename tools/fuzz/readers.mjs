// Everything that saeval reads: the files that a reader is given, the one that is mutated, and how it is read. A reader either runs a command
// line (argv) or calls a library (read); both get the folder that holds the files.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mutateBytes, mutateJson, mutateSafetensors, mutateText } from './mutate.mjs'
import { vectorReaders } from './vector-readers.mjs'

const seed = (name) => readFileSync(new URL(`seeds/${name}`, import.meta.url))
const demo = (name) => readFileSync(new URL(`../../examples/demo/${name}`, import.meta.url))
const dist = (file) => import(new URL(`../../packages/${file}.js`, import.meta.url))
const mutateLines = (bytes, random) => mutateJson(bytes, random, { lines: true })

const taskYaml = (lines) =>
  Buffer.from(
    `task: fuzz\noutput_type: multiple_choice\ntest_split: test\ndoc_to_text: "{{text}}"\ndoc_to_choice: ["a", "b"]\ndoc_to_target: label\n${lines}\n`,
  )
const dataOf = (format, file, more = '') =>
  taskYaml(`dataset_path: ${format}\ndataset_kwargs: {data_files: {test: FOLDER/${file}}${more}}`)
const rows = { 'rows.jsonl': seed('rows.jsonl') }
const describe = (folder) => ['describe', join(folder, 'task.yaml')]

/** A task whose data file is mutated. */
function dataset(format, file, mutate, more) {
  return {
    files: { 'task.yaml': dataOf(format, file, more), [file]: seed(file) },
    mutated: file,
    mutate,
    argv: describe,
  }
}

/** A task whose YAML file, or another file of it, is mutated. */
function task(yaml, mutate, files = {}, mutated = 'task.yaml', more = {}) {
  return { files: { ...rows, 'task.yaml': yaml, ...files }, mutated, mutate, argv: describe, ...more }
}

const model = Object.fromEntries(
  ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json'].map((name) => [
    name,
    demo(`model/${name}`),
  ]),
)
const readTokenizer = async (folder) => {
  const { loadTokenizer } = await dist('tokenizer/dist/index')
  const tokenizer = await loadTokenizer({
    tokenizerJson: join(folder, 'tokenizer.json'),
    tokenizerConfig: join(folder, 'tokenizer_config.json'),
    specialTokensMap: null,
    chatTemplate: null,
    modelType: 'gpt_neox',
  })
  tokenizer.decode(tokenizer.encode('Dogs bark\n\n at 3 cats é'))
}
const readSae = async (folder) => {
  const { findSae, openSae } = await dist('sae-core/dist/index')
  const sae = await openSae(findSae(folder, 'sae'))
  try {
    await sae.load()
  } finally {
    await sae.close()
  }
}
const readTorch = async (folder) => {
  const { openTorchFile } = await dist('sae-core/dist/torch/torch-file')
  const file = await openTorchFile(join(folder, 'file.pt'))
  try {
    for (const tensor of file.value instanceof Map ? file.value.values() : [])
      if (typeof tensor === 'object') await file.numbers(tensor, 'tensor')
  } finally {
    await file.close()
  }
}
/** Answers of the hub from a file: its listing, and what it says of a repository. */
const hub = (mutated) => ({
  files: { listing: seed('hub-listing.json'), info: seed('hub-info.json') },
  mutated,
  mutate: mutateJson,
  read: async (folder) => {
    const { listRepositoryFiles, resolveRepository } = await dist('hub/dist/index')
    const answer = (name) =>
      new Response(readFileSync(join(folder, name)), { headers: { 'content-type': 'application/json' } })
    const options = {
      env: { HF_ENDPOINT: 'https://hub.example', HF_HOME: join(folder, 'home') },
      fetch: async (url) => answer(/\/tree\//.test(String(url)) ? 'listing' : 'info'),
    }
    const repository = await resolveRepository({ type: 'model', name: 'some/model', ...options })
    const entries = await listRepositoryFiles(repository, options)
    if (entries.some(({ path, size }) => typeof path !== 'string' || path.split('/').includes('..') || !(size >= 0)))
      throw new TypeError('the listing holds what is no file of the repository')
  },
})
/** A server's answer; what is no JSON is refused before it is looked at. */
const serverAnswer = (name, read) => ({
  files: { answer: seed(name) },
  mutated: 'answer',
  mutate: mutateJson,
  read: async (folder) => {
    const parts = await dist('lm-backend-openai/dist/parse-answer')
    const answer = json(readFileSync(join(folder, 'answer'), 'utf8'))
    if (answer !== undefined) read(parts, answer)
  },
})
function json(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const saeFiles = { 'sae/cfg.json': seed('cfg.json'), 'sae/sae_weights.safetensors': seed('sae.safetensors') }

export const readers = {
  ...vectorReaders,
  'steering-csv': {
    files: { 'steer.csv': seed('steer.csv') },
    mutated: 'steer.csv',
    mutate: mutateText,
    read: async (folder) =>
      (await dist('steering/dist/edits/read-steering-file')).readSteeringFile(join(folder, 'steer.csv')),
  },
  'sae-config': { files: saeFiles, mutated: 'sae/cfg.json', mutate: mutateJson, read: readSae },
  'sae-safetensors': {
    files: saeFiles,
    mutated: 'sae/sae_weights.safetensors',
    mutate: mutateSafetensors,
    read: readSae,
  },
  'features-file': {
    files: { 'features.jsonl': seed('features.jsonl') },
    mutated: 'features.jsonl',
    mutate: mutateLines,
    read: async (folder) =>
      (await dist('steering/dist/edits/features-file')).readFeaturesFile(join(folder, 'features.jsonl')),
  },
  'torch-zip': { files: { 'file.pt': seed('zip.pt') }, mutated: 'file.pt', mutate: mutateBytes, read: readTorch },
  'torch-legacy': { files: { 'file.pt': seed('legacy.pt') }, mutated: 'file.pt', mutate: mutateBytes, read: readTorch },
  npz: {
    files: { 'sae.npz': seed('sae.npz') },
    mutated: 'sae.npz',
    mutate: mutateBytes,
    read: async (folder) => {
      const { openNpz } = await dist('sae-core/dist/npz/npz-file')
      const { readAll } = await dist('sae-core/dist/tensors/read-tensor')
      const source = await (await dist('hub/dist/index')).openLocalFile(join(folder, 'sae.npz'))
      try {
        for (const place of (await openNpz(source)).tensors.values()) await readAll(place)
      } finally {
        await source.close()
      }
    },
  },
  'model-config': {
    files: model,
    mutated: 'config.json',
    mutate: mutateJson,
    read: async (folder) =>
      (await dist('lm-backend-onnx/dist/spec/model-families')).modelSpec(
        'config.json',
        readFileSync(join(folder, 'config.json'), 'utf8'),
      ),
  },
  'model-safetensors': {
    files: { 'model.safetensors': seed('sae.safetensors') },
    mutated: 'model.safetensors',
    mutate: mutateSafetensors,
    read: async (folder) => {
      const checkpoint = await (await dist('lm-backend-onnx/dist/weights/checkpoint')).openCheckpoint([
        join(folder, 'model.safetensors'),
      ])
      await checkpoint.close?.()
    },
  },
  tokenizer: { files: model, mutated: 'tokenizer.json', mutate: mutateJson, read: readTokenizer, slow: 10 },
  'tokenizer-config': {
    files: model,
    mutated: 'tokenizer_config.json',
    mutate: mutateJson,
    read: readTokenizer,
    slow: 3,
  },
  'generation-config': {
    files: model,
    mutated: 'generation_config.json',
    mutate: mutateJson,
    read: async (folder) => {
      const files = await (await dist('hub/dist/index')).openFiles(folder, undefined, {}, ['config.json'])
      return (await dist('lm-backend-onnx/dist/generation/model-settings')).readModelSettings(files)
    },
  },
  'adapter-config': {
    files: { 'adapter_config.json': seed('adapter_config.json') },
    mutated: 'adapter_config.json',
    mutate: mutateJson,
    read: async (folder) =>
      (await dist('lm-backend-onnx/dist/adapter/adapter-config')).readAdapterConfig(
        'adapter_config.json',
        readFileSync(join(folder, 'adapter_config.json'), 'utf8'),
      ),
  },
  'chat-template': {
    files: { 'template.jinja': seed('template.jinja') },
    mutated: 'template.jinja',
    mutate: mutateText,
    read: async (folder) => {
      const { createChatTemplate } = await dist('tokenizer/dist/index')
      const source = readFileSync(join(folder, 'template.jinja'), 'utf8')
      const template = createChatTemplate({ chatTemplateSource: source, bos: null, eos: null, unk: null, pad: null })
      template?.render([{ role: 'user', content: 'Hello' }], { addGenerationPrompt: true })
    },
  },
  'task-yaml': task(seed('task.yaml'), mutateText),
  'task-template': task(
    Buffer.from(seed('task.yaml').toString().replace('FILE', 'template.yaml')),
    mutateText,
    {},
    'task.yaml',
    { only: /doc_to_text: .*/ },
  ),
  'task-python': task(
    taskYaml(
      'dataset_path: json\ndataset_kwargs: {data_files: {test: FOLDER/rows.jsonl}}\nprocess_docs: !function functions.process',
    ),
    mutateText,
    { 'functions.py': seed('functions.py') },
    'functions.py',
    { slow: 75 },
  ),
  'data-json': dataset('json', 'rows.json', mutateJson, ', field: data'),
  'data-jsonl': dataset('json', 'rows.jsonl', mutateLines),
  'data-csv': dataset('csv', 'rows.csv', mutateText),
  'data-text': { ...dataset('text', 'rows.csv', mutateText) },
  'data-gzip': dataset('json', 'rows.jsonl.gz', mutateBytes),
  'data-zip': dataset('json', 'rows.jsonl.zip', mutateBytes),
  'parquet-snappy': dataset('parquet', 'rows.parquet', mutateBytes),
  'parquet-gzip': dataset('parquet', 'rows-gzip.parquet', mutateBytes),
  'parquet-zstd': dataset('parquet', 'rows-zstd.parquet', mutateBytes),
  'config-file': {
    files: { 'run.yaml': seed('run.yaml') },
    mutated: 'run.yaml',
    mutate: mutateText,
    slow: 5,
    argv: (folder) => ['run', '--dry_run', '--device', 'cpu', '--config', join(folder, 'run.yaml')],
  },
  results: {
    files: { 'results_2026-01-01T00-00-00.000000.json': seed('results.json') },
    mutated: 'results_2026-01-01T00-00-00.000000.json',
    mutate: mutateJson,
    argv: (folder) => ['compare', folder, folder],
  },
  samples: {
    files: {
      'results_2026-01-01T00-00-00.000000.json': seed('results.json'),
      'samples_demo_dogs_2026-01-01T00-00-00.000000.jsonl': seed('samples.jsonl'),
    },
    mutated: 'samples_demo_dogs_2026-01-01T00-00-00.000000.jsonl',
    mutate: mutateLines,
    argv: (folder) => ['compare', folder, folder],
  },
  'sweep-file': {
    files: { 'sweep.json': seed('sweep.json'), 'results.json': seed('results.json') },
    mutated: 'sweep.json',
    mutate: mutateJson,
    read: async (folder) => (await dist('report/dist/results/read-experiment')).readExperiment(folder),
  },
  'hub-listing': hub('listing'),
  'hub-info': hub('info'),
  'server-completion': serverAnswer('completion.json', ({ choicesOf, echoedLogprob, textOf }, answer) => {
    for (const choice of choicesOf(answer, 1)) {
      const { logprob } = echoedLogprob(choice, 1, 2)
      if (typeof logprob !== 'number' || Number.isNaN(logprob))
        throw new TypeError('a log-probability that is no number')
      textOf(choice)
    }
  }),
  'server-chat': serverAnswer('chat.json', ({ choicesOf, messageTextOf }, answer) =>
    choicesOf(answer, 1).map(messageTextOf),
  ),
  'python-regex': {
    files: { pattern: seed('pattern.txt') },
    mutated: 'pattern',
    mutate: mutateText,
    read: async (folder) =>
      (await dist('python/dist/regex/regex')).findAll(
        readFileSync(join(folder, 'pattern'), 'utf8'),
        'The answer is (B) 1,234.50.\n',
      ),
  },
  positions: {
    files: { positions: Buffer.from('-3:') },
    mutated: 'positions',
    mutate: mutateText,
    read: async (folder) =>
      (await dist('sae-core/dist/position-selection')).parsePositions(readFileSync(join(folder, 'positions'), 'utf8')),
  },
}
