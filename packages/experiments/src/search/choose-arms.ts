import { seededUniform } from '@saeval/hub/internal/seeded-uniform'
import type { SteerableModel } from '@saeval/language-model'
import type { SaeFile } from '@saeval/sae-core'
import type { LatentActivity } from '@saeval/steering/internal/ranking/latent-activity'
import type { SlopeOptions } from '../ranking/margin-slopes.js'
import { shuffled } from '../shuffled.js'
import { type Arm, type ArmOptions, armsOf, distinctArms } from './arms.js'
import type { Candidate } from './candidates.js'
import type { DocumentMeter } from './document-meter.js'
import { rankByOutcome } from './rank-by-outcome.js'
import { bySae, type RankedBy, type Ranking, rankBySlope } from './rank-candidates.js'
import type { LeftOut } from './search-record.js'
import type { Objective } from './search-settings.js'
import { type DocumentPlace, inTurns } from './split-documents.js'

export interface ChooseOptions extends ArmOptions {
  readonly base: SteerableModel
  readonly meter: DocumentMeter
  readonly objective: Objective
  /** Documents to choose on, and those of them that slopes are measured on; none for an objective without a margin. */
  readonly places: readonly DocumentPlace[]
  readonly slopePlaces: readonly DocumentPlace[]
  /** Tokens that ranking may take, and those of one latent. */
  readonly budget: number
  readonly cost: number
  readonly keep: number
  readonly activity: (sae: SaeFile) => Promise<LatentActivity>
  readonly slopes: SlopeOptions
}

/** What a search tries, and what it does not. */
export interface ChosenArms {
  readonly arms: readonly Arm[]
  readonly leftOut: readonly LeftOut[]
  readonly rankedBy: RankedBy
  /** Candidates that nothing is known of. */
  readonly unranked: number
}

/** Ranks candidates as far as the budget pays, keeps the best, and gives the arms that are made of these; says why others have none. */
export async function chooseArms(candidates: readonly Candidate[], options: ChooseOptions): Promise<ChosenArms> {
  const { base, meter, objective, slopePlaces, budget, cost, keep, activity, slopes } = options
  const leftOut: LeftOut[] = []
  const leave = ({ latent, reference }: Candidate, why: string) => leftOut.push({ latent, sae: reference.id, why })
  const payable = Math.max(1, Math.floor(budget / cost))
  // what the budget does not pay for is drawn, from all SAEs in turns
  const drawn =
    candidates.length <= payable
      ? candidates
      : inTurns(bySae(candidates).map(([, own]) => shuffled(own, seededUniform(slopes.seed))))
  const ranking: Ranking =
    slopePlaces.length > 0
      ? await rankBySlope(base, drawn.slice(0, payable), meter.tasksOf(slopePlaces), slopes)
      : await rankByOutcome(base, drawn, { ...options, metric: objective.metric, signal: slopes.signal })
  meter.tokens += ranking.tokens
  const { by, ranked } = ranking
  for (const candidate of drawn.slice(ranked.length)) leave(candidate, 'the budget does not pay for ranking it')
  for (const { candidate, score } of ranked.slice(keep)) leave(candidate, notKept(by, score, keep))
  const unranked = by === 'nothing' ? Math.max(0, candidates.length - keep) : candidates.length - ranked.length

  const arms: Arm[] = []
  for (const { candidate, score } of ranked.slice(0, keep)) {
    const { maxActivation, sae, latent } = candidate
    const largest = maxActivation ?? (await activity(sae)).largest[latent]!
    if (!(largest > 0)) {
      leave(candidate, 'never active on the texts that were read, and no features file tells its largest activation')
      continue
    }
    const sign = by === 'slope' ? Math.sign(score) * (objective.wanted === 'up' ? 1 : -1) : 0
    const own = await distinctArms(armsOf(candidate, largest, sign, options), base.dHead)
    if (own.length === 0)
      leave(candidate, sign === 0 ? 'no action has a strength to try' : 'the slope asks for the other sign')
    arms.push(...own)
  }
  return { arms, leftOut, rankedBy: by, unranked }
}

function notKept(by: RankedBy, score: number, keep: number): string {
  if (by === 'nothing') return `not ranked, and beyond the first ${keep} that were drawn`
  const names = { slope: 'slope of the margin', correlation: 'correlation with the outcome', output: 'output score' }
  return `${names[by]} ${score.toPrecision(3)}: not among the ${keep} strongest`
}
