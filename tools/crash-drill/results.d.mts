/** Names of all files below a folder, from there. */
export function filesBelow(folder: string): string[]

/** A text without what differs from run to run: dates, times, and how many answers earlier processes have kept. */
export function withoutDates(text: string): string

/** What a command has written into its folder `out`, without dates: name -> text. Of several runs the last one's. */
export function resultsIn(folder: string): Map<string, string>

/** Where two commands' results differ first; null where they are the same. */
export function difference(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string | null
