import type { Notice } from '@saeval/hub'

/** Passes each line on once, however many settings and devices of one model say it. */
export function tellOnce(tell: Notice): Notice {
  const told = new Set<string>()
  return (line, importance) => {
    const text = String(line)
    if (!told.has(text)) tell(line, importance)
    told.add(text)
  }
}
