// Readers of steering vectors and of what they are made of, as in readers.mjs.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mutateBytes, mutateJson, mutateSafetensors, mutateText } from './mutate.mjs'

const dist = (file) => import(new URL(`../../packages/${file}.js`, import.meta.url))

// pyvene puts a # into names
const golden = (name) =>
  readFileSync(new URL(`../../fixtures/golden/vectors/${name.replaceAll('#', '%23')}`, import.meta.url))
const reft = Object.fromEntries(
  readdirSync(new URL('../../fixtures/golden/vectors/reft', import.meta.url))
    .filter((name) => name.endsWith('.bin'))
    .map((name) => [`reft/${name}`, golden(`reft/${name}`)]),
)

/** A file of steering vectors, of those that lie in the goldens. */
function vectors(name, file, mutate, files = {}, path = file) {
  const options = { baseName: null, allowOtherModel: true, layers: [1], hub: { env: {} } }
  const read = async (folder) =>
    (await dist('steering/dist/vectors/vector-formats')).readVectors(join(folder, path), options)
  return { [name]: { files: { ...files, [file]: golden(file) }, mutated: file, mutate, read } }
}

export const vectorReaders = {
  ...vectors('gguf', 'control.gguf', mutateBytes),
  ...vectors('npy', 'plain.npy', mutateBytes),
  ...vectors('bare-torch', 'plain.pt', mutateBytes),
  ...vectors('plain-safetensors', 'places.safetensors', mutateSafetensors),
  ...vectors('vllm-lens', 'lens-match.json', mutateJson),
  ...vectors('easysteer', 'easysteer-windows.json', mutateJson, { 'half.gguf': golden('half.gguf') }),
  ...vectors('easysteer-data', 'easysteer-loreft.json', mutateJson),
  ...vectors('neuronpedia', 'neuronpedia-cap.json', mutateJson),
  ...vectors('pyreft', 'reft/config.json', mutateJson, reft, 'reft'),
  'text-pairs': {
    files: { 'pairs.csv': golden('pairs.csv') },
    mutated: 'pairs.csv',
    mutate: mutateText,
    read: async (folder) => (await dist('steering/dist/making/read-pairs')).readPairs(join(folder, 'pairs.csv')),
  },
}
