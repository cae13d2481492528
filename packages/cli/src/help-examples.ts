import type { Command } from 'commander'

/** What is typed for a purpose. Lines are short enough for a terminal of 80 columns. */
interface Example {
  readonly purpose: string
  readonly lines: readonly string[]
}

const steered: Example = {
  purpose: 'a model steered by a CSV of edits, on a task',
  lines: [
    'saeval run --model sae_steered_beta \\',
    '  --model_args base_name=google/gemma-2-2b,csv_path=dog_steer.csv \\',
    '  --tasks mmlu_abstract_algebra --batch_size auto --output_path results',
  ],
}

const sweep: Example = {
  purpose: 'eleven coefficients and the unsteered model, compared',
  lines: [
    'saeval sweep --model_args base_name=google/gemma-2-2b --csv dog_steer.csv \\',
    '  --coefficients -100:100:20 --tasks wmdp_bio --output_path grid',
  ],
}

const generate: Example = {
  purpose: 'what the steered model writes, beside the unsteered one',
  lines: [
    'saeval generate "Once there was" --max_gen_toks 40 \\',
    '  -a base_name=google/gemma-2-2b,csv_path=dog_steer.csv',
  ],
}

const latents: Example = {
  purpose: 'SAEs of a layer of a model',
  lines: ['saeval saes --model gemma-2-2b --layer 20'],
}

/** Examples by command; those of "saeval" itself are the first steps. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  saeval: [latents, generate, steered, sweep],
  run: [
    steered,
    {
      purpose: 'the same model as it is, ten documents a task',
      lines: ['saeval run -a pretrained=google/gemma-2-2b -t mmlu_abstract_algebra -L 10'],
    },
    {
      purpose: 'flags from a file, answers kept for the next run',
      lines: ['saeval run --config run.yaml --use_cache answers'],
    },
  ],
  sweep: [
    sweep,
    { purpose: 'go on with a sweep that was interrupted', lines: ['saeval sweep --config wmdp.yaml'] },
    {
      purpose: 'each row of a CSV alone, in two meanings',
      lines: [
        'saeval sweep -a base_name=gpt2-small --csv rows.csv --separately \\',
        '  --actions clamp,clamp_active -t mmlu --output_path rows',
      ],
    },
  ],
  plan: [
    {
      purpose: 'a sweep as eight items, and how far they are',
      lines: ['saeval plan plans/wmdp --shards 8 --config wmdp.yaml', 'saeval plan plans/wmdp --status'],
    },
  ],
  work: [
    { purpose: 'one item', lines: ['saeval work plans/wmdp --shard 3'] },
    { purpose: 'free items until none is left', lines: ['saeval work plans/wmdp'] },
  ],
  merge: [{ purpose: 'the results, when all items are done', lines: ['saeval merge plans/wmdp'] }],
  ls: [
    { purpose: 'all tasks, groups and tags', lines: ['saeval ls tasks'] },
    { purpose: 'what can compute here', lines: ['saeval ls devices'] },
  ],
  describe: [{ purpose: 'one full prompt with five examples', lines: ['saeval describe mmlu_anatomy -L 1 -f 5'] }],
  validate: [{ purpose: 'a folder of tasks of your own', lines: ['saeval validate -t my_task --include_path tasks'] }],
  saes: [
    latents,
    { purpose: 'a latent of Neuronpedia', lines: ['saeval saes gemma-2-2b/20-gemmascope-res-16k/12082'] },
  ],
  inspect: [
    {
      purpose: 'the latents that are active on a text',
      lines: [
        'saeval inspect "The dog barked." -a base_name=google/gemma-2-2b \\',
        '  --sae_release gemma-scope-2b-pt-res-canonical \\',
        '  --sae_id layer_20/width_16k/canonical',
      ],
    },
  ],
  rank: [
    {
      purpose: 'latents of a task that are rare on another one',
      lines: [
        'saeval rank -a base_name=google/gemma-2-2b -t wmdp_bio --others mmlu \\',
        '  --sae_release gemma-scope-2b-pt-res-canonical \\',
        '  --sae_id layer_20/width_16k/canonical',
      ],
    },
  ],
  search: [
    {
      purpose: 'what lowers WMDP and costs MMLU 2 points at most',
      lines: [
        'saeval search -a base_name=google/gemma-2-2b -b auto -o found \\',
        '  --objective wmdp_bio:acc:down --guard mmlu:acc:-2 \\',
        '  --sae_release gemma-scope-2b-pt-res-canonical \\',
        '  --sae_id layer_20/width_16k/canonical --budget 60m',
      ],
    },
  ],
  explain: [
    {
      purpose: 'why answers of WMDP flip under a CSV',
      lines: [
        'saeval explain -a base_name=google/gemma-2-2b,csv_path=steer.csv -b auto \\',
        '  -t wmdp_bio -L 200 --most 10 -o results',
      ],
    },
  ],
  atlas: [
    {
      purpose: 'what 100 latents do to two tasks, as a page',
      lines: [
        'saeval atlas -a base_name=google/gemma-2-2b -b auto -t mmlu,wmdp_bio -L 20 \\',
        '  --sae_release gemma-scope-2b-pt-res-canonical \\',
        '  --sae_id layer_20/width_16k/canonical --latents 0:99:1 -o atlas',
      ],
    },
  ],
  generate: [
    generate,
    {
      purpose: 'five coefficients, as a page',
      lines: [
        'saeval generate --prompts prompts.txt --coefficients 0:200:50 -o texts.html \\',
        '  -a base_name=google/gemma-2-2b,csv_path=dog_steer.csv',
      ],
    },
  ],
  verify: [
    {
      purpose: 'that every row of a CSV does what it says',
      lines: ['saeval verify -a base_name=google/gemma-2-2b,csv_path=dog_steer.csv'],
    },
  ],
  vectors: [
    {
      purpose: 'a control vector for repeng or llama.cpp as one for EasySteer',
      lines: ['saeval vectors convert happy.gguf happy.json --to EasySteer'],
    },
  ],
  convert: [
    {
      purpose: 'two layers of a control vector, half as strong',
      lines: ['saeval vectors convert happy.gguf weak.gguf --layers "12 14" --scale 0.5'],
    },
  ],
  caa: [
    {
      purpose: 'one vector for each layer, of a CSV of pairs',
      lines: ['saeval vectors caa happy.gguf -a pretrained=google/gemma-2-2b \\', '  --pairs happy.csv'],
    },
    {
      purpose: "of the answers to one of lm_eval's tasks, read at their letters",
      lines: [
        'saeval vectors caa sycophantic.pt -a pretrained=google/gemma-2-2b \\',
        '  --task sycophancy --include_path tasks --position letter --layers 12',
      ],
    },
  ],
  'from-sae': [
    {
      purpose: 'two latents of one SAE',
      lines: [
        'saeval vectors from-sae dogs.safetensors --latents 12082,7 --weights 1,-0.5 \\',
        '  --sae_release gemma-scope-2b-pt-res-canonical \\',
        '  --sae_id layer_20/width_16k/canonical',
      ],
    },
  ],
  card: [
    {
      purpose: 'two runs, steered and not, as a card, in a private repository',
      lines: ['saeval card results -o card --push me/forget-dogs'],
    },
  ],
  check: [
    { purpose: "somebody's card, by 100 documents a task", lines: ['saeval check me/forget-dogs --documents 100'] },
  ],
  compare: [{ purpose: 'two runs, with 20 changed answers', lines: ['saeval compare unsteered steered --show 20'] }],
  report: [{ purpose: 'a page of a sweep', lines: ['saeval report grid --target wmdp_bio'] }],
  cache: [{ purpose: 'files of rounded weights', lines: ['saeval cache ls'] }],
  completion: [
    { purpose: 'in this shell', lines: ['source <(saeval completion bash)'] },
    { purpose: 'in every bash', lines: ['saeval completion bash >> ~/.bashrc'] },
    {
      purpose: 'in every zsh, with the folder in fpath',
      lines: ['saeval completion zsh > ~/.zsh/completions/_saeval'],
    },
    {
      purpose: 'in every fish',
      lines: ['saeval completion fish > ~/.config/fish/completions/saeval.fish'],
    },
  ],
}

/** Puts examples below the help of a program and its commands. */
export function addExamples(program: Command): void {
  for (const command of [program, ...program.commands, ...program.commands.flatMap((command) => command.commands)]) {
    const list = examples[command.name()] ?? []
    if (list.length === 0) continue
    const text = list.map(({ purpose, lines }) => `  # ${purpose}\n${lines.map((line) => `  ${line}`).join('\n')}`)
    command.addHelpText('after', `\nExamples:\n${text.join('\n\n')}`)
  }
}
