import type { CurrentSetting } from './current-setting.js'
import { byId, make } from './elements.js'
import { answerOf, type WorkerClient } from './worker-client.js'

/** What is said to who saves a CSV. */
export interface CsvWords {
  /** The command that takes it. */
  readonly command: string
  /** Why it would not; null where it would. */
  readonly refusal: () => Promise<string | null>
}

/** The buttons that take the setting away: as a link, and as a steering CSV with the command that takes it. */
export function takeAwayButtons(
  worker: WorkerClient,
  setting: CurrentSetting,
  { command, refusal }: CsvWords,
  say: (line: string) => void,
): void {
  byId('link').addEventListener('click', async () => {
    // a file has no clipboard in every browser: the address bar has the link in any case
    const copied = await navigator.clipboard?.writeText(location.href).then(
      () => true,
      () => false,
    )
    say(copied ? 'The link is copied.' : 'The link is in the address bar.')
  })
  byId('csv').addEventListener('click', async () => {
    const edits = setting.active
    if (edits.length === 0) {
      say('There is nothing to save yet: move a slider.')
      return
    }
    const { csv } = await answerOf(worker, 'csv', { edits })
    save('steering.csv', csv)
    const problem = await refusal()
    say(problem === null ? command : `saeval run would refuse this file: ${problem}`)
  })
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
  make('a', { href: url, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
