// Four long continuations a document: node bench/hellaswag.mjs [--documents 40] [--model FOLDER] [--batch_size 8|auto] [--threads N]
import { benchScoring } from './scoring.mjs'
import { hellaswag } from './shapes.mjs'

await benchScoring('HellaSwag', { documents: 40 }, ({ documents }) => hellaswag({ documents }))
