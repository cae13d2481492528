import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { areAnswersTo, type BlockAnswers } from '@saeval/eval-harness/internal/block-answers'
import { storeKey } from '@saeval/eval-harness/internal/cache/store'
import { call, InputError, makeWritableFolder, type Sentence, sentence, writeFiles } from '@saeval/hub'
import { index, objectOf, text, truth } from '@saeval/hub/checks'
import { type Claims, type ClaimTimes, openClaims } from '@saeval/hub/internal/claims/claims'
import * as v from 'valibot'
import { PlanError, type PlanFindings } from '../plan-answers.js'
import { type Plan, type PlanItem, planFileName, planText } from './plan-file.js'

/** The answers to one block under one setting; or why this setting cannot have this text. */
export type PartContent = PartAnswers | { readonly error: Sentence['parts'] }

interface PartAnswers extends BlockAnswers {
  /** What has computed them, as far as that is known: "NVIDIA H200". */
  readonly hardware?: string | undefined
  /** What the model has recorded of the try of its edits: see steeringCheck. */
  readonly check?: unknown
}

/** Why an item has failed. */
export interface ItemFailure {
  readonly host: string
  readonly error: string
  /** Whether what was given is the reason. */
  readonly isInput: boolean
  /** How often it has failed. */
  readonly times: number
}

/** The folder of a plan: plan.json, steering CSVs of settings, claims, answers, failures. Everything in it appears by renaming, or by a second name. */
export interface PlanFolder {
  readonly folder: string
  readonly claims: Claims
  /** What the plan's maker has measured and drawn. */
  readonly findings: PlanFindings
  /** Where the steering CSV of a setting lies. */
  csvOf(setting: number): string
  /** Names of the parts of an item: its blocks under its settings, settings outside. */
  partsOf(item: PlanItem): { readonly setting: number; readonly block: number; readonly part: string }[]
  /** See partsOf. */
  partOf(fingerprint: string, block: string): string
  hasPart(part: string): boolean
  /** The answers to so many requests. Throws PlanError where the file is damaged, or is that of another part. */
  readPart(part: string, requests: number): PartContent
  putPart(part: string, content: PartContent): void
  isDone(item: PlanItem): boolean
  failure(item: number): ItemFailure | null
  /** null forgets all. */
  setFailure(item: number, failure: Omit<ItemFailure, 'times'> | null): void
}

const partSchema = v.union([
  objectOf({ part: text, error: v.array(v.union([text, objectOf({ option: text }), objectOf({ call: text })])) }),
  objectOf({
    part: text,
    counted: v.array(v.unknown()),
    answers: v.array(v.unknown()),
    hardware: v.optional(text),
    check: v.optional(v.unknown()),
  }),
])
const failureSchema = objectOf({ item: index, host: text, error: text, isInput: truth, times: index })

/** Name of an item's claim and failure. */
export function itemName(item: number): string {
  return String(item).padStart(5, '0')
}

/** Where the files of a plan lie. */
function placesIn(folder: string) {
  return {
    claims: join(folder, 'claims'),
    settings: join(folder, 'settings'),
    answers: join(folder, 'answers'),
    failed: join(folder, 'failed'),
    // of the engine that works on it
    logs: join(folder, 'logs'),
  }
}

/** Where a plan's folder has the steering CSV of a setting, by number. */
export function settingCsv(folder: string, setting: number): string {
  return join(placesIn(folder).settings, `${setting}.csv`)
}

/** Makes the folder of a plan, with steering CSVs of settings by number. Throws InputError where there is a plan already. */
export function beginPlanFolder(folder: string, csvs: ReadonlyMap<number, string>): void {
  if (existsSync(join(folder, planFileName)))
    throw new InputError(
      sentence`${folder} holds a plan already; name another folder, or delete it (${call('planStatus')} ${folder} shows it)`,
    )
  for (const place of [folder, ...Object.values(placesIn(folder))]) makeWritableFolder(`the plan ${folder}`, place)
  writeFiles([...csvs].map(([setting, csv]) => [settingCsv(folder, setting), csv] as const))
}

/** Writes the plan into its folder; from then on it can be worked on. */
export function writePlan(folder: string, plan: Plan): void {
  writeFiles([[join(folder, planFileName), planText(plan)]])
}

/** Opens the folder of a plan that has been read. */
export function openPlanFolder(folder: string, plan: Plan, times?: ClaimTimes): PlanFolder {
  const places = placesIn(folder)
  const { settings, blocks } = plan
  const partOf = (fingerprint: string, block: string) => storeKey(['part', fingerprint, block])
  const pathOf = (part: string) => join(places.answers, part.slice(0, 2), `${part}.json`)
  const failurePath = (item: number) => join(places.failed, `${itemName(item)}.json`)
  const failure = (item: number): ItemFailure | null => {
    const path = failurePath(item)
    if (!existsSync(path)) return null
    try {
      return v.parse(failureSchema, JSON.parse(readFileSync(path, 'utf8')))
    } catch {
      return { host: '?', error: sentence`${path} is damaged`.toString(), isInput: false, times: 1 }
    }
  }
  const partsOf = ({ blocks: [fromBlock, toBlock], settings: [from, to] }: PlanItem) =>
    range(from, to).flatMap((setting) =>
      range(fromBlock, toBlock).map((block) => {
        return { setting, block, part: partOf(settings[setting]!.fingerprint, blocks[block]!.id) }
      }),
    )
  return {
    folder,
    claims: openClaims(places.claims, times),
    findings: {
      measured: new Map(Object.entries(plan.measured)),
      drawn: (id) => {
        const path = settingCsv(
          folder,
          settings.findIndex((setting) => setting.id === id),
        )
        return existsSync(path) ? readFileSync(path, 'utf8') : null
      },
    },
    csvOf: (setting) => settingCsv(folder, setting),
    partsOf,
    partOf,
    hasPart: (part) => existsSync(pathOf(part)),
    readPart: (part, requests) => {
      const path = pathOf(part)
      try {
        const { part: name, ...content } = v.parse(partSchema, JSON.parse(readFileSync(path, 'utf8')))
        if (name !== part)
          throw new PlanError(
            sentence`${path} holds answers of something else; delete it, and ${call('work')} makes it again`,
          )
        if ('error' in content || areAnswersTo(requests, content)) return content
      } catch (cause) {
        if (cause instanceof PlanError) throw cause
        throw damaged(path, cause)
      }
      throw damaged(path)
    },
    putPart: (part, content) => {
      makeWritableFolder(`the plan ${folder}`, join(places.answers, part.slice(0, 2)))
      writeFiles([[pathOf(part), `${JSON.stringify({ part, ...content })}\n`]])
    },
    isDone: (item) => partsOf(item).every(({ part }) => existsSync(pathOf(part))),
    failure,
    setFailure: (item, own) => {
      const path = failurePath(item)
      const times = (failure(item)?.times ?? 0) + 1
      if (own !== null) writeFiles([[path, `${JSON.stringify({ item, ...own, times })}\n`]])
      else rmSync(path, { force: true })
    },
  }
}

function damaged(path: string, cause?: unknown): PlanError {
  return new PlanError(sentence`${path} is damaged; delete it, and ${call('work')} makes it again`, { cause })
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}
