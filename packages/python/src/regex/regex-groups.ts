/** An open or closed group of the pattern. */
export interface Group {
  readonly number: number | null
  readonly parent: Group | null
  hasAlternatives: boolean
  /** Least and largest number of repetitions. */
  least: number
  most: number
}

/** Whether Python keeps a group's text where JavaScript forgets it: at every new repetition around it. */
export function losesText(group: Group): boolean {
  let optional = group.least === 0
  for (let outer = group.parent; outer !== null; outer = outer.parent) {
    optional ||= outer.hasAlternatives
    if (optional && outer.most > 1) return true
    optional ||= outer.least === 0
  }
  return false
}

/** Whether a match may leave a group out. A reference to it then fails in Python and matches nothing in JavaScript. */
export function mayTakeNoPart(group: Group): boolean {
  let optional = group.least === 0
  for (let outer = group.parent; outer !== null; outer = outer.parent)
    optional ||= outer.hasAlternatives || outer.least === 0
  return optional
}
