/** Passes each line on once, however many settings of one model say it. */
export function tellOnce(tell: (line: string) => void): (line: string) => void {
  const told = new Set<string>()
  return (line) => {
    if (!told.has(line)) tell(line)
    told.add(line)
  }
}
