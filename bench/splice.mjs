// SAE semantics that put the whole SAE into the stream, beside direct edits: node bench/saeReplacement.mjs [--d_sae 16384] and bench/steering's options
process.argv.push(
  '--d_sae',
  process.argv.includes('--d_sae') ? process.argv[process.argv.indexOf('--d_sae') + 1] : '16384',
)
await import('./steering.mjs')
