import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { expect, it } from 'vitest'
import { inFlags } from '../packages/cli/src/options/flag-words.js'
import { createProgram } from '../packages/cli/src/program.js'
import { call, option, sentence } from '../packages/hub/src/index.js'
import { repository } from './fixtures.js'

const packages = join(repository, 'packages')

/** Sources of the libraries by path, without comments on lines of their own. */
const sources = readdirSync(packages)
  .filter((name) => name !== 'cli')
  .flatMap((name) =>
    readdirSync(join(packages, name, 'src'), { recursive: true, encoding: 'utf8' }).map((file) =>
      join(packages, name, 'src', file),
    ),
  )
  .filter((path) => path.endsWith('.ts') && !/\.(test|testing)\.ts$/.test(path))
  .map((path) => ({
    path: relative(packages, path).replace('/src/', '/'),
    code: readFileSync(path, 'utf8').replaceAll(/^\s*(?:\/\*|\*|\/\/).*$/gm, ''),
  }))

/** The sentences of a source that name an option or a function, as the command line says them; "…" for other values. */
function sentencesOf(code: string): string[] {
  return [...code.matchAll(/\bsentence`/g)]
    .map(({ index }) => {
      const named = new Set<string>()
      const text = template(code, index + 'sentence`'.length, (expression) => {
        const [, kind, name] = /^(option|call)\('(\w+)'\)$/.exec(expression) ?? []
        if (name === undefined) return '…'
        named.add(name)
        return inFlags(kind === 'option' ? sentence`${option(name)}` : sentence`${call(name)}`)
      })
      return named.size === 0 ? null : text
    })
    .filter((text) => text !== null)
}

/** The text of the template that begins at `from`, with what `show` makes of its expressions. */
function template(code: string, from: number, show: (expression: string) => string): string {
  let text = ''
  for (let at = from; code[at] !== '`'; at++) {
    if (code.startsWith('${', at)) {
      const end = endOfExpression(code, at + 2)
      text += show(code.slice(at + 2, end))
      at = end
    } else text += code[at]
  }
  return text
}

function endOfExpression(code: string, from: number): number {
  let depth = 1
  for (let at = from; ; at++) {
    if (code[at] === '{') depth++
    if (code[at] === '}' && --depth === 0) return at
  }
}

// flags and styles that are not the command line's, by file
const others: Readonly<Record<string, RegExp>> = {
  'experiments/git-hash.ts': /--always/g,
  'hub/system-reason.ts': /ulimit -[un]/g,
  'hub/repository.ts': /s--\$\{/g,
  'experiments/plan/submit-plan.ts': /--\$\{line\}|'-c'/g,
  'eval-harness/tasks/task-index.ts': /clone --depth/g,
  'lm-backend-onnx/runtime/device-problem.ts': /--gpus all|nvidia-smi -[qc]/g,
  'lm-backend-onnx/weights/weight-files.ts': /python -c/g,
  'lm-backend-onnx/scoring/read-requests.ts': /--open\[/g,
  'lm-backend-onnx/scoring/score.ts': /--open\[/g,
  'python/pyodide/walls.ts':
    /--(?:experimental-permission|permission|allow-fs-read|disallow-code-generation-from-strings|no-addons|no-warnings|max-old-space-size|wasm-max-mem-pages|pdeathsig|pid|nproc)|'-c'|ulimit -[cfn]/g,
  'python/templates/arithmetic.ts': / -[xy] /g,
  'report/browser/generations-page.ts': /--s/g,
  'report/html/page-style.ts': /--[a-z-]+/g,
  'report/html/render-generations.ts': /--s:|var\(--[a-z]+\)/g,
  'report/statistics/mcnemar.ts': / -n /g,
  'report/statistics/normal.ts': /\(-x \* x\)/g,
  'report/statistics/student.ts': /\(-x\)/g,
  // a command to be pasted into a shell
  'ui/steer-command.ts': /--(?:model|model_args|tasks|limit)\b/g,
  'ui/pages/ui-page.ts': /var\(--[a-z]+\)/g,
}
const flagOrCommand = /--[a-z][a-z_]*|--\$\{|"saeval [a-z]|[ ("'`]-[a-zA-Z](?=[ ,)"'`])/g

it('libraries name no flag and no command of the command line', () => {
  const found = sources.flatMap(({ path, code }) =>
    [...code.replaceAll(others[path] ?? /$^/g, '').matchAll(flagOrCommand)].map(([text]) => `${path}: ${text}`),
  )
  expect(found).toEqual([])
})

it('the command line has every option and every function that they name', () => {
  const stream = { write() {} }
  const program = createProgram({ stdout: stream, stderr: stream, signal: new AbortController().signal })
  const flags = program.commands
    .flatMap((command) => [command, ...command.commands])
    .flatMap(({ options }) => options.map(({ long }) => long))
  const commands = program.commands.map((command) => command.name())
  for (const { code } of sources) {
    for (const [, name] of code.matchAll(/\boption\('(\w+)'\)/g))
      expect(flags).toContain(inFlags(sentence`${option(name!)}`))
    for (const [, name] of code.matchAll(/\bcall\('(\w+)'\)/g))
      expect(commands).toContain(inFlags(sentence`${call(name!)}`).match(/^"saeval (\w+)/)?.[1])
  }
})

it('the command line says their sentences with its flags', () => {
  const said = new Set(sources.flatMap(({ code }) => sentencesOf(code)))
  expect([...said].sort()).toEqual(
    [
      '"git clone --depth 1 https://github.com/EleutherAI/lm-evaluation-harness" and --include_path lm-evaluation-harness/lm_eval/tasks',
      '--actions: there is no action "…"; there are …',
      '--apply_chat_template: the model has no chat template',
      '--batch_size says how many requests go into one call',
      '--batch_size …: expected a positive whole number, auto or auto:N',
      '--batch_size …: expected a whole number from 1, or auto',
      '--budget: … tokens are too few; this search needs more than …: take fewer documents (--limit), latents or guards, or more tokens',
      '--coefficients and --scales both set the coefficients; give one of them',
      '--coefficients names no number',
      '--coefficients replaces what scale=… in --model_args has made; leave one of them out',
      '--coefficients: no row of … has a coefficient',
      '--controls …: the SAE has latents for … controls of … only, since each row needs another one that is active on the documents and that the cell does not steer; take fewer controls or more documents',
      '--csv …: no file has such a name',
      '--csv …: there is no folder …',
      '--gpu_memory has no effect on model …, which a server computes; leave it out',
      '--gpu_memory is for devices with memory of their own, and the model computes on the CPU; leave it out',
      '--guard … names no task beside those of the objective',
      '--guard …:…:…',
      '--label: … … has no labels; … in its folder would hold them',
      '--latents needs a CSV of one row, whose latent it replaces; … has …',
      '--latents: … is no latent; latents are whole numbers from 0',
      '--latents: … is no latent; this SAE has latents 0 to …',
      '--layers',
      '--model hf needs --model_args pretrained=…, a Hugging Face model or a folder',
      '--model sae_steered_beta needs --model_args base_name=…, the model to steer',
      '--model sae_steered_beta needs --model_args csv_path=…, the CSV of edits',
      '--model steered needs --model_args pretrained=…, a Hugging Face model or a folder',
      '--model steered needs --model_args steer_path=…, a … file or a folder of pyreft',
      '--model … needs --model_args base_url=…, as in …',
      "--model … needs --model_args model=…, the model's name at the server",
      '--model …: expected …',
      '--model_args layers',
      '--model_args needs base_name=…, the model to look into',
      '--model_args needs base_name=…, the model to steer',
      '--model_args needs csv_path=…, the CSV whose effect is explained',
      '--model_args needs pretrained=…, the model that reads the pairs',
      '--model_args: backend is …, expected a text',
      '--model_args: base_url is no address of a server; it is written as …',
      '--model_args: ca_cert_path cannot take effect with base_url at …//',
      '--model_args: ca_cert_path … cannot be read',
      '--model_args: ca_cert_path … holds no certificate in PEM',
      '--model_args: cannot read norm_text …: …',
      '--model_args: chat_template_args holds ….0, which would reach the template as …; write it as a text',
      '--model_args: compute=…: expected …',
      '--model_args: delta cannot be used: add the delta weights to the model and save it (transformers: save_pretrained), then give that',
      '--model_args: dtype=…: expected …',
      '--model_args: features_path=… has no effect: every row has a max_activation of its own or is a plain factor; leave it out',
      '--model_args: features_path=… has no effect: no row has the unit max_activation; add unit=max_activation, or leave it out',
      '--model_args: give norm_factor or norm_text, not both',
      '--model_args: header holds a name or a value that HTTP does not allow',
      '--model_args: header holds a value that is not a text',
      '--model_args: layers is …, expected layers from 0 and half-open ranges, such as 12 or 3 10:20',
      '--model_args: layers names none',
      '--model_args: max_length must be 3 or more',
      '--model_args: norm_factor is one number, but … each lack their own; give norm_text=FILE, from which each is measured',
      '--model_args: norm_factor is …, expected a number above 0',
      '--model_args: onnx_file=…: … has no such file; its ONNX files: …',
      '--model_args: semantics is "…", expected …',
      '--model_args: think_end_token=…: expected a text or a token id',
      '--model_args: timeout is …, expected seconds above 0',
      '--model_args: tokenizer_backend is …, expected huggingface or None',
      '--model_args: tokenizer_backend=… is not supported; give the same tokenizer as tokenizer=…, a Hugging Face model or a folder with tokenizer.json',
      '--model_args: trust_remote_code cannot be used: saeval runs no code from model repositories',
      '--model_args: unit is "…", expected …',
      '--model_args: unit=… has no effect: every row has a unit of its own or is a plain factor; leave it out',
      '--model_args: …',
      '--model_args: … cannot take effect with model …: the server reads the texts',
      '--model_args: … has no effect: no SAE of this run lacks a norm factor; leave it out',
      '--model_args: … is not supported by model …: …',
      '--model_args: …: …',
      '--objective …:…:…',
      '--output …',
      '--output_path …',
      '--output … is there already; name a folder that is not',
      '--place …: the card names no such folder; it names …',
      '--port …: …',
      '--position … needs answers behind their questions; a context of the pairs is empty, as that of plain texts is',
      '--prompts holds no prompt',
      '--samples asks for document … of task …, which has documents 0 to …',
      '--samples names task …, which is not among the tasks to run',
      '--scale',
      '--shard …: the plan … has items 0 to …',
      '--target …: no task of that name in these results',
      '--tasks asks for task … twice, by … and by …; name it once',
      '--tasks names the file …, which is not there',
      '--tasks names the folder …, in which there is no *.yaml',
      '--tasks names …, which matches no file',
      '--temperature …: expected a number from 0',
      "--text has … tokens, … more than there is room for in the model's … beside what is put after it",
      '--text has … tokens; the checks need … or more',
      '--to is …, expected …',
      '--top_k and --top_p choose among samples; give a --temperature above 0 with them',
      '--top_p …: expected a number above 0, up to 1',
      '--use_cache: this model does not tell what identifies it, so its answers cannot be kept',
      'Its tasks run code that the model writes: add --confirm_run_unsafe_code where you want that.',
      'It was made with plug-ins, which a card does not hold (…): give yours by --plugin.',
      'a plan keeps the answers itself; leave --use_cache out',
      'a search needs --output_path, the folder of its results',
      'a server measures no batch size, so --batch_size auto is 1',
      'a sweep needs --output_path, the folder of its results',
      'a sweep needs a steering CSV: --csv',
      'a sweep takes its CSVs by --csv, not by csv_path in --model_args',
      'differences of … pairs at … layers take … GB, more than … GB; choose fewer layers by --layers',
      'give a max_activation column, or a features_path in --model_args',
      "has no document to confirm on; half of each task's documents are for that, so a task needs 2 or more: take more documents (--limit), or tasks that have more",
      'latent … of … has no activations here: a … SAE computes a latent from other tokens or in steps; "saeval inspect" shows them for a text',
      'making the … of …, once, in … ("saeval cache" lists and clears such files)',
      'model … takes conversations; add --apply_chat_template',
      'no model type, which repeng asks for: say it by --model_type, as in gemma2',
      'none of --tasks has answers that could flip: only multiple_choice and generate_until have',
      'scale in --model_args',
      'steer with --model sae_steered_beta, which acts at all of them',
      'task … runs code that the model writes; --confirm_run_unsafe_code says that this is wanted',
      'tasks say it, and --gen_kwargs max_gen_toks=… says it over them',
      'the card does not hold the files of …, which were on the machine that made it: say where they are by --place …=FOLDER',
      'the results were made with the plug-in …, whose code is not loaded: give it by --plugin',
      'the SAE was made for …, not for …; set allow_other_model=true in --model_args to steer with it all the same',
      'the plan is for …, and this process computes on …: start it where there is …, or make another plan, with --device …',
      'the run has logged no questions, which --log_samples does',
      'the samples of both runs are not here (--log_samples)',
      'the weights of … are not in the cache, and this takes them; run it without --dry_run',
      'the weights take … on …, where … may be used: choose a smaller dtype or another device, or give more --gpu_memory or end other programs on it',
      'there is no task, group or tag "…"… ("saeval ls tasks" lists them; those of lm-evaluation-harness come with …)…',
      'this runtime has no permission model: code that left the sandbox of Python functions of tasks would have your files and network; --confirm_run_unsafe_code runs them all the same, Node without it',
      "with … documents to confirm on, no p value of … finalists can be below …; it takes …, half of each task's documents: take more documents (--limit), tasks that have more, or fewer finalists (--finalists)",
      '… changes nothing at … on this text; give a --text on which it acts',
      '… does not change the output; take the row out, or run with --allow_inert_rows',
      '… does not end in …, as files of --to … do',
      '… does not say how much memory it has: give --gpu_memory as an amount, such as 8GB',
      '… does not say where … acts; add layers=N to --model_args: it is added after layer N, counted from 0',
      '… has no effect: line … sets the same latent wherever this row acts; take one of the two out, or run with --allow_inert_rows',
      '… has … ONNX files and none named …; choose one in --model_args: onnx_file=… (…)',
      '… holds a plan already; name another folder, or delete it ("saeval plan --status" … shows it)',
      '… holds answers of something else; delete it, and "saeval work" makes it again',
      '… holds results of …; choose another --output_path, or delete the cells that are to run again',
      '… is computed from …, which is not in the cache, and its graph is needed to plan; run it without --dry_run',
      '… is damaged; delete it, and "saeval work" makes it again',
      '… is damaged; make the plan anew with "saeval plan"',
      '… is no plan: it has no …; "saeval plan" makes one',
      '… is the folder of another search, of other …; choose another --output_path',
      '… of the model: … …; --gen_kwargs …=… counts instead of the file',
      '… of … items are not done, "saeval work" … does them:\\n…',
      '… says itself where its vectors act; leave positions and skip_positions out of --model_args',
      '… vectors: it holds one; choose by --layers of vectors caa or convert',
      '…, which runs on the CPU; leave --device … out',
      '…, whose numbers stay as they are: leave dtype=… out; --model_args onnx_file=… chooses a file of other numbers',
      '…: no row has changed anything at … (……), so the answers are those of …; take latents that are active on such texts ("saeval inspect" shows where), or an action or positions that reach them (allow_inert_rows=true in --model_args runs the rows all the same)',
      '…: rows cannot hold …; run it with --model steered --model_args pretrained=…,steer_path=…',
      '…: several formats end in …; say which by --to: …',
      '…: the rows cancel each other: all together they do not change the output (--allow_inert_rows runs them all the same)',
      "…: … asks for a factor that no file of … has, so its latents would be in other units; give norm_factor=… in --model_args (SAELens calls it scaling_factor; 1 if the weights hold it), or norm_text=FILE to measure it on text like the training's",
      '…: … is …, expected a JSON object: --model_args takes one of all arguments, as in {"pretrained": "…", "chat_template_args": {…}}',
      '…:1: the columns are those of the model "sae_steered_beta"; run it with --model sae_steered_beta --model_args base_name=…,csv_path=…, or give loader, sparse_model, hookpoint, feature_index and steering_coefficient',
      '…:1: the columns are those of the model "steered"; run it with --model steered --model_args pretrained=…,steer_path=…, or give latent_idx, steering_coefficient, sae_release and sae_id',
    ].sort(),
  )
})
