// What finished steps found, a file for each: a command that was stopped goes on where it was.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param {string} folder @param {object} settings what decides the results besides the step itself */
export function openStore(folder, settings) {
  mkdirSync(folder, { recursive: true })
  const name = (step) => step.name.replaceAll(/[^\w.-]+/g, '-')
  const file = (step) => join(folder, `${name(step)}.json`)
  const key = (step) =>
    createHash('sha256')
      .update(JSON.stringify([step.name, step.says, step.cells, settings]))
      .digest('hex')
  return {
    /** Where a step may leave files of its own. */
    folder: (step) => join(folder, name(step)),
    /** What a step found, if it finished under the same settings; null otherwise. */
    read(step) {
      if (!existsSync(file(step))) return null
      try {
        const found = JSON.parse(readFileSync(file(step), 'utf8'))
        return found.key === key(step) ? found : null
      } catch {
        return null
      }
    },
    write(step, found) {
      writeFileSync(`${file(step)}.new`, `${JSON.stringify({ key: key(step), settings, ...found }, null, 1)}\n`)
      renameSync(`${file(step)}.new`, file(step))
    },
  }
}
