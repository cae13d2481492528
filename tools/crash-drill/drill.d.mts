/** A command of the demo, as commands.mjs has them. */
type Command = 'run' | 'sweep' | 'sweep --use_cache'

/** Drills of one seed: each rejects where results are others than unbroken ones. */
export function openDrill(
  seed: number,
  say?: (line: string) => void,
): {
  kills(name: Command, times: number): Promise<void>
  workers(times: number): Promise<void>
  together(): Promise<void>
  signals(name: Command): Promise<void>
  disk(name: Command): Promise<void>
  close(): void
}

/** How often each command is killed in a row, one row after the other. */
export function chains(kills: number): { readonly name: Command; readonly times: number }[]
