import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { defaultSeed } from '@saeval/language-model/internal/default-seed'
import { Argument, Command, Option } from 'commander'
import { addAtlasOptions } from './commands/atlas-options.js'
import { addCardCommands } from './commands/card-program.js'
import { type CacheAction, cacheActions, type Listing, listings, type Shell, shells } from './commands/choices.js'
import type { DescribeOptions } from './commands/describe.js'
import { addExplainOptions } from './commands/explain-options.js'
import type { GenerateCommandOptions } from './commands/generate.js'
import { addGenerateOptions } from './commands/generate-options.js'
import type { InspectCommandOptions } from './commands/inspect.js'
import { addPlanOptions, plannedWords, planOptions } from './commands/plan-options.js'
import { addRankOptions } from './commands/rank-options.js'
import { addResultsCommands } from './commands/results-program.js'
import type { Surroundings } from './commands/run.js'
import { addRunOptions, runOptions } from './commands/run-options.js'
import type { SaesOptions } from './commands/saes.js'
import { addSearchOptions } from './commands/search-options.js'
import { addSweepOptions, sweepOptions } from './commands/sweep-options.js'
import type { ValidateOptions } from './commands/validate.js'
import { addVectorsCommands } from './commands/vectors-program.js'
import type { VerifyCommandOptions } from './commands/verify.js'
import type { WorkCommandOptions } from './commands/work.js'
import { addExamples } from './help-examples.js'
import { commandLine } from './options/command-line.js'
import { addDeviceOptions } from './options/device-options.js'
import { parseNumberList } from './options/number-list.js'
import { folders, pairs, parser, positive, splitWords, wholeNumber } from './options/parse-option.js'
import { addSteeringOptions } from './options/steering-options.js'
import { addPluginOption, beforeCommand } from './plugins/plugin-option.js'
import type { VerbosityOptions } from './terminal/verbosity.js'
import { version } from './version.js'

/** Commands in which models, tasks or SAEs matter. */
const pluggable = [
  'run',
  'sweep',
  'plan',
  'work',
  'merge',
  'rank',
  'search',
  'atlas',
  'explain',
  'ls',
  'describe',
  'validate',
  'inspect',
  'generate',
  'verify',
  'caa',
  'card',
  'check',
]

/** The command line as commander knows it; docs/cli.md is made from its help. What commands do is loaded when they are called, after `register`. */
export function createProgram(
  surroundings: Surroundings,
  argv: readonly string[] = [],
  register: () => Promise<void> = async () => {},
): Command {
  const { stdout, stderr } = surroundings
  const program = new Command('saeval')
    .description('Evaluates language models steered by sparse-autoencoder features')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this; "saeval run --help" tells of one command')
    .addHelpCommand(new Command('help').argument('[command]').description('the same as --help').helpGroup('The rest:'))
    .exitOverride()
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: () => {},
    })
  program.hook('preAction', async (_program, command) => {
    if (pluggable.includes(command.name())) await register()
    await beforeCommand(command)
  })
  program.commandsGroup('Evaluate:')
  addRunOptions(program.command('run'))
    .description('evaluate a model on tasks (flags without a command mean run)')
    .action(async (_parsed: object, command: Command) => {
      const options = runOptions(command)
      const { run } = await import('./commands/run.js')
      return run(options, commandLine(argv), surroundings)
    })
  addSweepOptions(program.command('sweep'))
    .description('run a grid of steering settings and the unsteered model, and compare them')
    .action(async (_parsed: object, command: Command) => {
      const options = sweepOptions(command)
      const { runSweep } = await import('./commands/sweep.js')
      return runSweep(options, commandLine(argv), surroundings)
    })
  program.commandsGroup('Evaluate on many machines:')
  addPlanOptions(program.command('plan'))
    .description('divide a run or a sweep into items that machines with a shared disk do, or show how far they are')
    .argument('<plan>', 'folder of the plan, on the shared disk')
    .action(async (plan: string, _parsed: object, command: Command) => {
      const words = plannedWords(argv, plan)
      const options = planOptions(command, { isMade: existsSync(join(plan, 'plan.json')), words })
      const { plan: makePlan } = await import('./commands/plan.js')
      return makePlan(plan, options, words, surroundings)
    })
  program
    .command('work')
    .description('do items of a plan: one, by number or by the place in an array, or free ones until all are done')
    .argument('<plan>', 'folder of the plan')
    .option(
      '--shard <n>',
      'the item, from 0 (default: what Slurm, Grid Engine, PBS or Kubernetes say; else free ones until all are done)',
      parser(wholeNumber),
    )
    .action(async (plan: string, options: WorkCommandOptions) => {
      const { work } = await import('./commands/work.js')
      return work(plan, options, surroundings)
    })
  program
    .command('merge')
    .description('make the results of a plan whose items are done: those of its command on one machine, byte for byte')
    .argument('<plan>', 'folder of the plan')
    .action(async (plan: string, options: VerbosityOptions) => {
      const { merge } = await import('./commands/merge.js')
      return merge(plan, options, surroundings)
    })
  const moreTasks = (command: Command) => command.option('--include_path <folders...>', 'more task files', folders)
  program.commandsGroup('See tasks, models and devices:')
  moreTasks(program.command('ls'))
    .description('list tasks, groups, subtasks, tags, models, metrics, filters, SAE formats, plug-ins or devices')
    .addArgument(new Argument('<what>').choices(listings))
    .action(async (what: Listing, { include_path: includePath = [] }: { include_path?: readonly string[] }) => {
      const { ls } = await import('./commands/ls.js')
      for (const line of await ls(what, includePath)) stdout.write(`${line}\n`)
    })
  moreTasks(program.command('describe'))
    .description("show the first documents' full prompts and targets")
    .argument('<tasks...>', 'tasks, groups, tags, patterns or YAML files')
    .option('-L, --limit <n>', 'documents of each task', parser(positive), 2)
    .option('-f, --num_fewshot <n>', 'examples before each question', parser(wholeNumber))
    .option('--seed <number>', 'seed of the few-shot draws', parser(wholeNumber), defaultSeed)
    .option('--system_instruction <text>', 'text before every prompt')
    .option('--gen_kwargs <args...>', 'settings of generation over those of the tasks', pairs('--gen_kwargs'))
    .option('--metadata <args...>', "more of the tasks' metadata", pairs('--metadata'))
    .action(async (tasks: readonly string[], options: DescribeOptions) => {
      const { describe } = await import('./commands/describe.js')
      return describe(splitWords(tasks), options, surroundings)
    })
  moreTasks(program.command('validate'))
    .description('load tasks and say what is wrong with them')
    .requiredOption('-t, --tasks <names...>', 'tasks, groups, tags, patterns or YAML files')
    .action(async (options: ValidateOptions & { tasks: readonly string[] }) => {
      const { validate } = await import('./commands/validate.js')
      return validate(splitWords(options.tasks), options, surroundings)
    })
  program.commandsGroup('Find latents, and try what steering does:')
  program
    .command('saes')
    .description("search SAELens' registry of SAEs; without a condition, list its releases")
    .argument('[name]', 'a part of release, id or Neuronpedia name; or a Neuronpedia reference or address')
    .option('--model <name>', 'the model they were made for, by Hugging Face or TransformerLens name, or a part of it')
    .option('--layer <n>', 'layer, from 0')
    .option('--hook <name>', 'hook point they write to, or a part of its name: resid_post, mlp_out, hook_z, …')
    .option('--width <n>', 'number of latents: 16384, 16k or 1m')
    .option(
      '--features <path>',
      'search the labels of a features file, or of those below a folder, for latents instead',
    )
    .option('--json', 'print everything as JSON')
    .action(async (name: string | undefined, options: SaesOptions) => {
      const { saes } = await import('./commands/saes.js')
      return saes(name ?? null, options, surroundings)
    })
  const inspecting = program
    .command('inspect')
    .description("show which latents of an SAE are active on a text's tokens, and how long the activations are")
    .argument('[text...]', 'the text')
    .requiredOption('-a, --model_args <args...>', 'base_name=…, and what else the model takes', pairs('--model_args'))
    .requiredOption('--sae_release <name>', 'release of the SAE, a repository, a folder or a Neuronpedia reference')
    .option('--sae_id <name>', 'which SAE of the release')
    .option('--latents <list>', 'latents to follow: 7,12 or 0:10:1', (text) => parseNumberList('--latents', text))
    .option('--top <n>', 'most active latents shown for each token', parser(wholeNumber), 5)
    .option('--file <path>', 'a file with the text')
  addDeviceOptions(inspecting)
    .option('--json', 'print everything as JSON')
    .action(async (text: string[], options: InspectCommandOptions) => {
      const { inspect } = await import('./commands/inspect.js')
      return inspect(text, options, surroundings)
    })
  addRankOptions(program.command('rank'))
    .description("rank an SAE's latents by what they are active on, or by what they do")
    .action(async (_parsed: object, command: Command) => {
      const { rankCommand } = await import('./commands/rank.js')
      return rankCommand(command, surroundings)
    })
  addSearchOptions(program.command('search'))
    .description('search for a latent, an action and a strength that do what is wanted and harm little')
    .action(async (_parsed: object, command: Command) => {
      const { searchCommand } = await import('./commands/search.js')
      return searchCommand(command, commandLine(argv), surroundings)
    })
  addAtlasOptions(program.command('atlas'))
    .description('say what each latent of an SAE does: to neutral texts, to the next token, to the margins of tasks')
    .action(async (_parsed: object, command: Command) => {
      const { atlasCommand } = await import('./commands/atlas.js')
      return atlasCommand(command, commandLine(argv), surroundings)
    })
  addExplainOptions(program.command('explain'))
    .description('say why answers flip: which rows of the CSV, and acting at which positions, move their margins')
    .action(async (_parsed: object, command: Command) => {
      const { explainCommand } = await import('./commands/explain.js')
      return explainCommand(command, commandLine(argv), surroundings)
    })
  addGenerateOptions(program.command('generate'))
    .description('continue prompts with the unsteered and the steered model, side by side')
    .action(async (prompts: string[], options: GenerateCommandOptions) => {
      const { generateCommand } = await import('./commands/generate.js')
      return generateCommand(prompts, options, surroundings)
    })
  const verifying = program
    .command('verify')
    .description(
      'check that steering is real: every row does what its formula says, whatever is batched, cached or shared',
    )
  addDeviceOptions(addSteeringOptions(verifying))
    .option('--text <text>', 'what the edits are tried on (default: a paragraph about a dog)')
    .option('--json', 'print everything as JSON')
    .action(async (options: VerifyCommandOptions) => {
      const { verifyCommand } = await import('./commands/verify.js')
      return verifyCommand(options, surroundings)
    })
  addVectorsCommands(program.command('vectors'), surroundings)
  program.commandsGroup('Read results:')
  addResultsCommands(program, surroundings)
  program.commandsGroup('Hand results on, so that others can check them:')
  addCardCommands(program, surroundings)
  program.commandsGroup('The rest:')
  program
    .command('cache')
    .description(
      'list (ls) or remove (clear) the files that saeval made from weights for dtype=int8 and int4, and Python as it has started for functions of tasks. They lie in the folder SAEVAL_CACHE, by default in ~/.cache/saeval; SAEVAL_CACHE=off keeps none',
    )
    .addArgument(new Argument('<action>').choices(cacheActions))
    .option('--json', 'print the files as JSON')
    .action(async (action: CacheAction, { json = false }: { json?: boolean }) => {
      const { cache } = await import('./commands/cache.js')
      return cache(action, json, surroundings)
    })
  program
    .command('completion')
    .description('print the completion of a shell: commands, flags, and names of tasks and models')
    .addArgument(new Argument('<shell>').choices(shells))
    .action(async (shell: Shell) => {
      const { completion } = await import('./commands/completion.js')
      stdout.write(completion(shell, program))
    })
  for (const command of callable(program)) {
    if (pluggable.includes(command.name())) addPluginOption(command.optionsGroup('This command:'))
    command
      .optionsGroup('This command:')
      .option('-q, --quiet', 'no progress and no notes on standard error, only warnings and errors')
      .option(
        '--verbosity <level>',
        'what standard error shows: DEBUG (steps, where errors come from), INFO (progress, notes), WARNING, ERROR or CRITICAL (what ends the command)',
        'INFO',
      )
      .option('--verbose', 'show where in the program an error comes from')
      .addHelpOption(new Option('-h, --help', 'print this').helpGroup('This command:'))
  }
  addExamples(program)
  return program
}

/** Commands that do something: all but those that only hold others. */
function callable({ commands }: Command): Command[] {
  return commands.flatMap((command) => (command.commands.length === 0 ? [command] : callable(command)))
}
