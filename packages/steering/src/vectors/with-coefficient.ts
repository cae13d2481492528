import type { SteeredEntry, SteeredFile } from './steered-entry.js'

/** Whether an entry has a coefficient: all but EasySteer's erase, which removes a direction whole. */
export function hasCoefficient({ record }: SteeredEntry): boolean {
  return record.action !== 'erase'
}

/** The file with c (docs/vectors.md, Formulas) in place of the coefficient of every entry that has one. */
export function withCoefficient(file: SteeredFile, c: number): SteeredFile {
  return {
    ...file,
    entries: file.entries.map((entry) =>
      hasCoefficient(entry) ? { ...entry, change: { ...entry.change, coefficient: c } } : entry,
    ),
  }
}
