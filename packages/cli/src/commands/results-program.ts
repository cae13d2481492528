import type { Command } from 'commander'
import type { CompareOptions } from './compare.js'
import type { ReportCommandOptions } from './report.js'
import type { Surroundings } from './run.js'
import type { UiCommandOptions } from './ui.js'

/** Declares the commands that read results: compare, report, ui. */
export function addResultsCommands(program: Command, surroundings: Surroundings): void {
  program
    .command('compare')
    .description('compare two results folders: differences with confidence intervals, changed answers')
    .argument('<before>', 'results folder or file of the run to compare with')
    .argument('<after>', 'results folder or file of the other run')
    .option('--show <n>', 'changed samples to print', '10')
    .option('--json', 'print everything as JSON')
    .action(async (before: string, after: string, options: CompareOptions) => {
      const { compare } = await import('./compare.js')
      return compare(before, after, options, surroundings)
    })
  program
    .command('report')
    .description('show a results or sweep folder as one HTML page, with its charts as SVG and PNG')
    .argument('<results>', 'results folder, sweep folder or results file')
    .option('-o, --output <file>', 'the page (default: report.html in the folder)')
    .option('--title <text>', 'heading of the page')
    .option(
      '--target <task>',
      'the task or group that the steering is about, and where it should go: demo_dogs:down (default: the task that moves most, where most settings move it)',
    )
    .option('--no_samples', 'leave the samples out of the page')
    .action(async (results: string, options: ReportCommandOptions) => {
      const { report } = await import('./report.js')
      return report(results, options, surroundings)
    })
  program
    .command('ui')
    .description(
      'serve a results or sweep folder to this machine as a page that is live: progress, effects, samples, runs side by side',
    )
    .argument('<folder>', 'results folder or sweep folder, which may run still')
    .option('--port <n>', 'port on this machine (default: any free one)')
    .option('--target <task>', 'the task or group that the steering is about, and where it should go: demo_dogs:down')
    .action(async (folder: string, options: UiCommandOptions) => {
      const { ui } = await import('./ui.js')
      return ui(folder, options, surroundings)
    })
}
