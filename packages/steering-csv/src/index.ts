export {
  type Dialect,
  type HookAction,
  hookActions,
  type SaeSteeredRow,
  type SteeredRow,
  type Unit,
  units,
} from './columns.js'
export { type NeuronpediaLatent, type ParseOptions, parseSteeringCsv, type SteeringCsv } from './parse-steering-csv.js'
export { formatProblems, type Problem, type ProblemKind } from './problem.js'
export { withAction } from './with-action.js'
export { writeSteeringCsv } from './write-steering-csv.js'
