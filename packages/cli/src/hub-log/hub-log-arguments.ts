import { InputError } from '@saeval/hub'
import type { ModelArguments } from '@saeval/language-model'
import { readArguments } from '@saeval/language-model'
import { type PyDict, toPlain } from '@saeval/python'

/** --hf_hub_log_args: where results and samples are pushed to, by lm_eval's names and defaults. */
export interface HubLogArguments {
  /** Account or organisation; null for that of the token. */
  readonly organisation: string | null
  /** Repositories of samples and of results, without the organisation. */
  readonly detailsName: string
  readonly resultsName: string
  readonly pushResults: boolean
  readonly pushSamples: boolean
  /** Otherwise the repositories are private, and their names end in "-private". */
  readonly isPublic: boolean
  readonly isGated: boolean
  /** null for that of the environment. */
  readonly token: string | null
  readonly leaderboardUrl: string
  readonly pointOfContact: string
}

/** Reads --hf_hub_log_args. Throws InputError for what is no such argument, and where nothing would be pushed or there is nothing to push. */
export function hubLogArguments(
  given: PyDict,
  {
    output_path: outputPath,
    log_samples: logSamples,
  }: { readonly output_path: string | null; readonly log_samples: boolean },
): HubLogArguments {
  const kinds = {
    hub_results_org: 'string',
    hub_repo_name: 'string',
    details_repo_name: 'string',
    results_repo_name: 'string',
    push_results_to_hub: 'boolean',
    push_samples_to_hub: 'boolean',
    public_repo: 'boolean',
    token: 'string',
    leaderboard_url: 'string',
    point_of_contact: 'string',
    gated: 'boolean',
  } as const
  const args = readArguments('', toPlain(given) as ModelArguments, kinds, 'hf_hub_log_args')
  const pushResults = args.push_results_to_hub ?? false
  const pushSamples = args.push_samples_to_hub ?? false
  const complain = (message: string) => new InputError(`--hf_hub_log_args: ${message}`)
  if (!pushResults && !pushSamples)
    throw complain('nothing is pushed without push_results_to_hub=True or push_samples_to_hub=True')
  if (outputPath === null) throw complain('what is pushed is what --output_path writes; give it')
  if (pushSamples && !logSamples) throw complain('push_samples_to_hub needs --log_samples')
  const nameOf = (name: string | undefined) => (name === undefined || name === '' ? null : name)
  const both = nameOf(args.hub_repo_name)
  const detailsName = both ?? nameOf(args.details_repo_name) ?? 'lm-eval-results'
  return {
    organisation: nameOf(args.hub_results_org),
    detailsName,
    resultsName: both ?? nameOf(args.results_repo_name) ?? detailsName,
    pushResults,
    pushSamples,
    isPublic: args.public_repo ?? false,
    isGated: args.gated ?? false,
    token: nameOf(args.token),
    leaderboardUrl: args.leaderboard_url ?? '',
    pointOfContact: args.point_of_contact ?? '',
  }
}
