// What a list of steps will cost before any of it is done: bytes to download, room for them, operations to compute.
import { existsSync, statfsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Files of a model's repository that saeval reads; others (other formats of the same weights) stay where they are. */
const isRead = (path) =>
  /\.(json|safetensors|txt|model|jinja)$/.test(path) && !/^(onnx|original|consolidated)/.test(path)

/**
 * @param {readonly { name: string, downloads: readonly { type: string, name: string, path: string }[] }[]} steps
 * @param hub the package @saeval/hub
 * @returns the files that are not in the cache yet, each once, and why repositories cannot be read: sentence -> steps
 */
export async function missingFiles(steps, hub) {
  const files = new Map()
  const unreachable = new Map()
  const lists = new Map()
  const list = (type, name) => {
    const known = lists.get(`${type} ${name}`)
    if (known) return known
    const found = hub.resolveRepository({ type, name }).then(async (repository) => ({
      repository,
      entries: await hub.listRepositoryFiles(repository),
    }))
    lists.set(`${type} ${name}`, found)
    return found
  }
  for (const step of steps)
    for (const { type, name, path } of step.downloads) {
      try {
        const { repository, entries } = await list(type, name)
        for (const entry of entries) {
          const wanted = path === '' ? isRead(entry.path) : entry.path.startsWith(path)
          if (!wanted || existsSync(join(repository.snapshotFolder, entry.path))) continue
          files.set(`${type} ${name} ${entry.path}`, entry.size)
        }
      } catch (error) {
        unreachable.set(error.message, [...(unreachable.get(error.message) ?? []), step.name])
      }
    }
  return { bytes: [...files.values()].reduce((sum, size) => sum + size, 0), count: files.size, unreachable }
}

/** Free bytes where a folder is or will be. */
export function freeBytes(folder) {
  let place = folder
  while (!existsSync(place) && dirname(place) !== place) place = dirname(place)
  const { bavail, bsize } = statfsSync(place)
  return bavail * bsize
}

/** Floating-point operations of a step: two for each weight and token. */
export const operations = ({ parameters, tokens }) => 2 * parameters * tokens

/** How long operations take: by what steps of this folder have taken, else for machines of three sizes. */
export function duration(flops, finished) {
  const seconds = finished.reduce((sum, one) => sum + one.seconds, 0)
  const done = finished.reduce((sum, one) => sum + one.operations, 0)
  if (done > 1e14) return `about ${span((flops * seconds) / done)} at the rate of the finished steps`
  const at = (rate) => span(flops / rate)
  return `about ${at(1e11)} on 2 CPU cores, ${at(1e12)} on 32, ${at(1e13)} on a GPU (guessed from 0.1, 1 and 10 TFLOP/s)`
}

export function span(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${Number((seconds / 3600).toPrecision(2))} h`
}

export const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`
