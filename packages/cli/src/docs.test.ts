import type { Command } from 'commander'
import { expect, it } from 'vitest'
import { createProgram } from './program.js'

/** The manual page: every command's help. `pnpm exec vitest run packages/cli/src/docs.test.ts -u` writes it anew. */
function manual(): string {
  let text = ''
  const stream = { write: (part: string) => (text += part) } as unknown as NodeJS.WriteStream
  const program = createProgram({ stdout: stream, stderr: stream, signal: new AbortController().signal })
  const page = (command: Command, title: string) => {
    text = ''
    command.configureHelp({ helpWidth: 110 }).outputHelp()
    return `## ${title}\n\n\`\`\`text\n${text.trim()}\n\`\`\`\n`
  }
  const pages = (command: Command, title: string): string[] => [
    page(command, title),
    ...command.commands.flatMap((inner) => pages(inner, `${title} ${inner.name()}`)),
  ]
  const commands = program.commands.flatMap((command) => pages(command, `saeval ${command.name()}`))
  return `# Command line\n\nMade from \`saeval --help\`; do not edit.\n\n${[page(program, 'saeval'), ...commands].join('\n')}`
}

it('docs/cli.md is what --help says', async () => {
  await expect(manual()).toMatchFileSnapshot('../../../docs/cli.md')
})
