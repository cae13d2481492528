// One MMLU subject with five examples: node bench/mmlu-5-shot.mjs [--questions 100] [--model FOLDER] [--batch_size 8|auto] [--threads N]
import { benchScoring } from './scoring.mjs'
import { mmlu } from './shapes.mjs'

await benchScoring('MMLU, 5-shot', { questions: 100 }, ({ questions }) => mmlu({ shots: 5, questions }))
