import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { edit, forgedCsv, samplesOf, setIn } from './card.testing.js'

/** Cards that name what is not theirs, or are none: what they are called, the change of a copy of the card, and what a check says. */
export const hostileCards: [string, (folder: string) => void | Promise<void>, string][] = [
  [
    'a path that leads out',
    setIn('settings.0.samples.demo_dogs', '../../x'),
    'names "../../x", which is no file of the card',
  ],
  ['a name that is none', setIn('run.tasks', [7]), 'run.tasks[0] is 7, expected a text'],
  [
    'tasks beside its files',
    (folder) => {
      cpSync(join(folder, 'files/examples/demo/tasks'), join(folder, 't'), { recursive: true })
      setIn('run.include_path', ['t'])(folder)
    },
    'names tasks in "t", and a card\'s tasks lie in files',
  ],
  ['a task of elsewhere', setIn('run.tasks', ['/etc/x.yaml']), 'names task "/etc/x.yaml"'],
  ['a model of elsewhere', setIn('settings.0.model_args.base_name', '/etc'), 'names "/etc", which on this machine'],
  ['a model behind a server', setIn('settings.0.model', 'local-completions'), 'expected sae_steered_beta or steered'],
  [
    'a CSV of elsewhere',
    setIn('settings.0.paths', {}),
    'names csv_path="examples/demo/forget_dogs.csv", which is no file of the card',
  ],
  ['an SAE of elsewhere', forgedCsv('examples/demo/saes', '/etc'), 'names "/etc", which on this machine'],
  [
    'an include of elsewhere',
    edit('files/examples/demo/tasks/demo_dogs.yaml', '_demo_default_yaml', '../../../../../../etc/passwd'),
    'which is not in the card',
  ],
  [
    'data of elsewhere',
    edit('files/examples/demo/tasks/demo_dogs.yaml', 'examples/demo/tasks/dogs.jsonl', '/etc/passwd'),
    'names data outside of it: "/etc/passwd"',
  ],
  ['no JSON', edit('card.json', '{', '['), 'card.json'],
  [
    'more lines than documents',
    (folder) => {
      const path = join(folder, samplesOf('demo_dogs'))
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, text.repeat(60))
    },
    'has more than 96 lines',
  ],
]
