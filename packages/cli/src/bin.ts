import { failureSentence } from './failure-sentence.js'

// Every failure that nothing else has foreseen becomes a sentence here.

const { stdout, stderr } = process
const argv = process.argv.slice(2)
let lost: Error | null = null

process.on('uncaughtException', (error) => {
  stderr.write(`saeval: ${failureSentence(error)}\n`)
  if (argv.includes('--verbose')) stderr.write(`${error?.stack}\n`)
  process.exit(1)
})
// nobody reads what a closed pipe takes (saeval … | head): no failure, and no reason to leave files unwritten
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') lost ??= error
})
stderr.on('error', () => {})
process.on('exit', (code) => {
  if (lost === null) return
  const files = code === 0 ? '; what was to be written to files is there' : ''
  stderr.write(`saeval: standard output is incomplete: ${failureSentence(lost)}${files}\n`)
  process.exitCode = code || 1
})

// what ends sooner than a thread starts needs none
const isShort =
  argv.length === 0 ||
  ['help', 'completion'].includes(argv[0]!) ||
  argv.some((word) => ['-h', '--help', '-V', '--version'].includes(word))
if (isShort) {
  const { main } = await import('./main.js')
  const { signal } = new AbortController()
  process.exitCode = await main(argv, { stdout, stderr, signal })
} else {
  const { startCommand } = await import('./start-command.js')
  startCommand(argv)
}
