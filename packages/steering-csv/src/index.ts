export { withAction } from './action-columns.js'
export {
  type Dialect,
  type HookAction,
  hookActions,
  type PositionsCell,
  type SaeSteeredRow,
  type SteeredRow,
  type Unit,
  units,
} from './columns.js'
export { type ParseOptions, parseSteeringCsv, type SteeringCsv } from './parse-steering-csv.js'
export { formatProblems, type Problem, type ProblemKind } from './problem.js'
export { writeSteeringCsv } from './write-steering-csv.js'
