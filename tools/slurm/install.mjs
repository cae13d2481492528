// Installs Slurm for tests/slurm.test.ts where it can be had; a line says where it cannot.
import { installSlurm } from './cluster.mjs'

const why = installSlurm()
if (why !== null) console.log(`no tests with Slurm: ${why}`)
