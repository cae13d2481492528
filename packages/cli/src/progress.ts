import type { HubOptions } from '@saeval/hub'
import type { Output } from './output.js'

/** How much of something is done. */
export interface Progress {
  readonly stage: string
  readonly done: number
  readonly total: number
}

/** Shows how far a run is on one line of a terminal; does nothing where standard error is not one. */
export interface ProgressLine {
  update(progress: Progress): void
  /** For downloads, in megabytes. */
  readonly download: NonNullable<HubOptions['onProgress']>
  /** Takes the line away. */
  clear(): void
  /** Writes a sentence in its place. */
  readonly notice: (sentence: string) => void
}

const millisecondsBetweenLines = 200

/** A progress line on `stream`, with the rate and the time left. */
export function progressLine(stream: Output): ProgressLine {
  let shown = 0
  let started: { stage: string; at: number } | null = null
  const write = (text: string) => stream.write(`\r\x1b[K${text.slice(0, Math.max(0, (stream.columns ?? 80) - 1))}`)
  const update = ({ stage, done, total }: Progress) => {
    if (!stream.isTTY) return
    const now = performance.now()
    if (started?.stage !== stage) started = { stage, at: now }
    if (now - shown < millisecondsBetweenLines && done < total) return
    shown = now
    write(progressText(stage, done, total, (now - started.at) / 1000))
  }
  const clear = () => {
    if (stream.isTTY) write('')
  }
  return {
    update,
    download: ({ repo, path, loaded, total }) =>
      update({
        stage: `MB of ${repo}/${path}`,
        done: Math.floor(loaded / 1e6),
        total: Math.floor((total ?? loaded) / 1e6),
      }),
    clear,
    notice: (sentence) => {
      clear()
      stream.write(`${sentence}\n`)
    },
  }
}

/** "requests 120/400 (30 %), 12.5/s, 22 s left" */
export function progressText(stage: string, done: number, total: number, seconds: number): string {
  const share = total === 0 ? 100 : Math.floor((100 * done) / total)
  const head = `${stage} ${done}/${total} (${share} %)`
  if (done === 0 || seconds === 0) return head
  const rate = done / seconds
  return `${head}, ${rate.toPrecision(3)}/s, ${duration((total - done) / rate)} left`
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}
