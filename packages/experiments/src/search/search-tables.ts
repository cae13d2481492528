import type { FindingsTable } from '@saeval/report'
import { armText } from './arms.js'
import { level } from './confirm.js'
import type { Reason } from './halve.js'
import type { SearchResult } from './search-record.js'

/** A metric's change in hundredths, with its sign. */
export function points(value: number): string {
  return `${value > 0 ? '+' : ''}${(100 * value).toFixed(1).replace(/^-/, '−')}`
}

export function pText(value: number): string {
  return value < 0.0001 ? '< 0.0001' : value.toFixed(4)
}

/** Why an arm was dropped, in words. */
export function reasonText(reason: Reason, { guards }: SearchResult): string {
  const name = (guard: number) => `${guards[guard]!.tasks.join('+')}:${guards[guard]!.metric}`
  switch (reason.kind) {
    case 'not tried':
      return 'the budget does not pay for trying it'
    case 'cannot run':
      return reason.message
    case 'does less':
      return `does less than others (the best in its round ${points(reason.best)} points)`
    case 'breaks guard':
      return `loses at least ${(100 * reason.atLeast).toFixed(1)} points on ${name(reason.guard)}`
    case 'costs more':
      return `loses more on ${name(reason.guard)} than its budget, and others do not`
  }
}

/**
 * Whether the winner does more than its controls, each kind of them that ran (one-sided p below 0.05; all must hold, so nothing is corrected); null without
 * controls.
 */
export function beatsControls({ controls }: SearchResult): boolean | null {
  return controls.length === 0 ? null : controls.every(({ against }) => against.pValue < level)
}

/** What the search ends in, in a sentence or two: whether anything is confirmed, whether it does more than controls, and what was not looked at. */
export function verdictText(result: SearchResult): string {
  const { arms, winner, confirmations, standings, objective, unranked, cost } = result
  const what = `${objective.tasks.join('+')}:${objective.metric}`
  const left =
    unranked === 0
      ? ''
      : ` ${unranked} of ${cost.candidates} latents were not ranked${result.rankedBy === 'nothing' ? ', as nothing ranks them' : ': the budget does not pay for it'}.`
  if (winner === null) {
    const failed = standings.filter(({ dropped }) => dropped?.kind === 'cannot run' && dropped.isFinalist).length
    const some = failed === 0 ? '' : `, ${failed} of which cannot run,`
    return `Nothing is confirmed: none of the ${confirmations.length + failed} finalists${some} moves ${what} ${objective.wanted} and keeps within the guards, on documents that took no part in choosing.${left}`
  }
  const { objective: found } = confirmations.find(({ arm }) => arm === winner)!
  const sign = objective.wanted === 'down' ? -1 : 1
  const moves = `${armText(arms[winner]!)} moves ${what} by ${points(sign * found.difference)} points`
  const beats = beatsControls(result)
  if (beats === null)
    return `Confirmed: ${moves}. It was held against no controls${result.controlNotes.map((note) => `; ${note}`).join('')}.${left}`
  if (beats) return `Confirmed: ${moves}, more than ${result.controls.map(({ kind }) => kind).join(' and ')} do.${left}`
  const alike = result.controls.filter(({ against }) => against.pValue >= level)
  const same = alike.map(({ kind, against }) => `${kind} (p ${pText(against.pValue)})`).join(' and ')
  return `Not told apart from chance: ${moves}, confirmed on other documents, but no more than ${same} do for sure.${left}`
}

/** Finalists on the confirming documents. */
export function confirmationTable(result: SearchResult): FindingsTable {
  const { confirmations, arms, guards, objective } = result
  const sign = objective.wanted === 'down' ? -1 : 1
  const n = confirmations[0]?.objective.n ?? 0
  return {
    heading: 'Confirmation',
    text: `On ${n} documents of the objective${guards.length === 0 ? '' : ' and on those of the guards'} that took no part in choosing. Changes in points, hundredths of the metric; intervals of the objective hold for all finalists at once (95 %), bounds of the guards on one side (95 %). p is for the claim that the objective moves and every guard holds, corrected by Holm's method. Detectable is the smallest true change that these documents would show four times in five.`,
    headers: [
      'finalist',
      `${objective.tasks.join('+')}:${objective.metric}`,
      'interval',
      'detectable',
      ...guards.flatMap(({ tasks, metric, points: budget }) => [
        `${tasks.join('+')}:${metric} (${budget})`,
        'at worst',
      ]),
      'p (Holm)',
      'confirmed',
    ],
    rows: confirmations.map(({ arm, objective: found, guards: held, holm, confirmed }) => [
      armText(arms[arm]!),
      points(sign * found.difference),
      [sign * found.low, sign * found.high]
        .sort((a, b) => a - b)
        .map(points)
        .join(' to '),
      (100 * found.detectable).toFixed(1),
      ...held.flatMap(({ difference, low }, guard) => {
        const turn = guards[guard]!.points > 0 ? -1 : 1
        return [points(turn * difference), points(turn * low)]
      }),
      pText(holm),
      confirmed ? 'yes' : 'no',
    ]),
  }
}

/** The winner beside its controls; null without controls. */
export function controlTable({ controls, flipped, objective, controlNotes }: SearchResult): FindingsTable | null {
  if (controls.length === 0) return null
  const sign = objective.wanted === 'down' ? -1 : 1
  return {
    heading: 'Controls',
    text: `The same action and coefficient where it should mean nothing: on random latents that match the winner in density and decoder norm, and with its vector replaced by random directions of the same length, on the confirming documents of the objective. p is one-sided, for the winner being one more draw from the controls that does as much or more (t distribution); rank p counts controls that do.${flipped === null ? '' : ` With the sign of its coefficient flipped the winner changes ${points(sign * flipped)} points.`}${controlNotes.map((note) => ` Note: ${note}.`).join('')}`,
    headers: ['controls', 'n', 'winner', 'mean', 'standard deviation', 'p', 'rank p'],
    rows: controls.map(({ kind, effect, against }) => [
      kind,
      String(against.n),
      points(sign * effect),
      points(sign * against.mean),
      (100 * against.sd).toFixed(1),
      pText(against.pValue),
      pText(against.rankP),
    ]),
  }
}

/** What the search took. */
export function costTable({ cost }: SearchResult): FindingsTable {
  return {
    heading: 'Cost',
    text: 'Tokens that were computed, against those of every action and strength of every latent on every document.',
    headers: ['', 'tokens', 'of the full grid'],
    rows: [
      ['this search', String(cost.tokens), `${((100 * cost.tokens) / cost.grid).toFixed(2)} %`],
      ['its budget', String(Math.round(cost.budget)), `${((100 * cost.budget) / cost.grid).toFixed(2)} %`],
      [`full grid of ${cost.candidates} latents`, String(cost.grid), '100 %'],
    ],
  }
}

/** Every arm that was dropped and why, the longest tried first. */
export function droppedTable(result: SearchResult, most: number): FindingsTable {
  const { standings, arms, leftOut, objective } = result
  const sign = objective.wanted === 'down' ? -1 : 1
  const dropped = standings.filter((standing) => standing.dropped !== null)
  return {
    heading: 'Dropped',
    text: `${dropped.length} arms were dropped, ${Math.min(most, dropped.length)} of them here; ${leftOut.length} latents had none. search.csv has all, with reasons.`,
    headers: ['arm', 'round', 'documents', 'change', 'why'],
    rows: dropped
      .slice(0, most)
      .map(({ arm, round, documents, gain, dropped: why }) => [
        armText(arms[arm]!),
        round < 0 ? '' : String(round + 1),
        String(documents),
        documents === 0 ? '' : points(sign * gain),
        reasonText(why!, result),
      ]),
  }
}
