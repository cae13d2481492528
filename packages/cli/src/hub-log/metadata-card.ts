/** What the card of a repository of results says beside its files. */
export interface CardFacts {
  /** Organisation and name of the repository. */
  readonly repository: string
  readonly endpoint: string
  /** --model */
  readonly modelSource: string
  readonly modelName: string
  /** The newest run's results as JSON, indented by four. */
  readonly results: string
  readonly leaderboardUrl: string
  readonly pointOfContact: string
}

/** One `configs` entry: a task of a model, by the dates of its newest run. */
interface CardConfig {
  readonly config_name: string
  readonly data_files: { readonly split: string; readonly path: readonly string[] }[]
}

interface NamedFile {
  readonly file: string
  readonly model: string
  readonly name: string
  readonly task: string
  readonly date: string
}

const earliest = '0001-01-01T00:00:00'

/**
 * README.md of a dataset of results as lm_eval's EvaluationTracker.recreate_metadata_card makes it from the repository's files: a configuration for each
 * model and task with the splits of its newest run and "latest". The empty sections of huggingface_hub's template are left out.
 */
export function metadataCard(files: readonly string[], facts: CardFacts): string {
  const results = files.filter((file) => file.includes('/results_') && file.includes('.json')).map(named)
  const samples = files.filter((file) => file.includes('/samples_') && file.includes('.json')).map(named)
  const latest = new Map<string, string>()
  const later = (key: string, date: string) => {
    const known = latest.get(key) ?? earliest
    latest.set(key, date > known ? date : known)
  }
  for (const { model, task, date } of samples) {
    later(`${model}__${word(task)}`, date)
    later(`${model}__results`, latest.get(`${model}__${word(task)}`)!)
  }
  const configs = new Map<string, CardConfig>()
  const enter = (key: string, date: string, name: string) => {
    if (splitName(date) !== splitName(latest.get(key) ?? earliest)) return
    const config = configs.get(key) ?? { config_name: key, data_files: [] }
    for (const split of [splitName(date), 'latest']) config.data_files.push({ split, path: [`**/${name}`] })
    configs.set(key, config)
  }
  // the date of a results file keeps its .json there, so it is never that of the samples
  for (const { model, name, date } of results) enter(`${model}__results`, date, name)
  for (const { model, task, name, date } of samples) enter(`${model}__${word(task)}`, date, name)
  const sorted = [...configs.values()].sort((a, b) => (a.config_name < b.config_name ? -1 : 1))
  return card(sorted, summary(results, latest, configs.size, facts), facts)
}

function named(file: string): NamedFile {
  const at = file.lastIndexOf('/')
  const name = file.slice(at + 1)
  return {
    file,
    model: file.slice(0, at),
    name,
    task: name.slice(name.indexOf('_') + 1, name.lastIndexOf('_')),
    date: name.slice(name.lastIndexOf('_') + 1).replaceAll('.jsonl', ''),
  }
}

function word(task: string): string {
  return task.replace(/[^\p{L}\p{N}_]/gu, '_')
}

function splitName(date: string): string {
  return date.replace(/[^\w.]/g, '_')
}

function summary(
  results: readonly NamedFile[],
  latest: ReadonlyMap<string, string>,
  configs: number,
  { repository, endpoint, modelSource, modelName, results: text }: CardFacts,
): string {
  // without samples the newest results file, on which lm_eval fails
  const dates = latest.size > 0 ? [...latest.values()] : results.map(({ date }) => date.replace(/\.json$/, ''))
  const date = [earliest, ...dates].sort().at(-1)!
  const newest = [...latest].find(([, other]) => other === date)?.[0]
  const file = results.find(({ name }) => name.includes(date.replaceAll(':', '-')))?.file ?? ''
  const isHub = modelSource === 'hf'
  const model = isHub ? `[${modelName}](https://huggingface.co/${modelName})` : modelName
  const load =
    isHub && newest !== undefined
      ? `\`\`\`python\nfrom datasets import load_dataset\ndata = load_dataset(\n\t"${repository}",\n\tname="${newest}",\n\tsplit="latest"\n)\n\`\`\`\n\n`
      : ''
  return `Dataset automatically created during the evaluation run of model ${model}
The dataset is composed of ${configs - 1} configuration(s), each one corresponding to one of the evaluated task.

The dataset has been created from ${results.length} run(s). Each run can be found as a specific split in each configuration, the split being named using the timestamp of the run.The "train" split is always pointing to the latest results.

An additional configuration "results" store all the aggregated results of the run.

To load the details from a run, you can for instance do the following:
${load}## Latest results

These are the [latest results from run ${date}](${endpoint}/datasets/${repository}/blob/main/${file}) (note that there might be results for other tasks in the repos if successive evals didn't cover the same tasks. You find each in the results and the "latest" split for each eval):

\`\`\`python
${text}
\`\`\``
}

function card(configs: readonly CardConfig[], text: string, facts: CardFacts): string {
  const title = `Evaluation run of ${facts.modelName}`
  const fields = {
    pretty_name: title,
    dataset_summary: text,
    repo_url: `https://huggingface.co/${facts.modelName}`,
    leaderboard_url: facts.leaderboardUrl,
    point_of_contact: facts.pointOfContact,
  }
  // JSON's texts are YAML's
  const lines = [
    ...Object.entries(fields).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    ...(configs.length > 0 ? ['configs:'] : []),
    ...configs.flatMap(({ config_name: name, data_files: files }) => [
      `- config_name: ${JSON.stringify(name)}`,
      '  data_files:',
      ...files.flatMap(({ split, path }) => [
        `  - split: ${JSON.stringify(split)}`,
        '    path:',
        ...path.map((pattern) => `    - ${JSON.stringify(pattern)}`),
      ]),
    ]),
  ]
  return `---\n${lines.join('\n')}\n---\n\n# Dataset Card for ${title}\n\n${text}\n`
}
