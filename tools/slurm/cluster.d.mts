/** Why there is no Slurm to be started here; null where there is. */
export function missingSlurm(): string | null

/** A Slurm of two nodes, n1 and n2, on this machine. */
export interface Slurm {
  readonly folder: string
  /** For Slurm's programs. */
  readonly env: Record<string, string>
  /** Runs a program of Slurm; gives its standard output. */
  slurm(program: string, ...args: string[]): string
  /** Ends a node's daemon and what it runs. */
  kill(node: string): void
}

/** Runs `use` beside a Slurm of two nodes. */
export function withSlurm<Result>(use: (slurm: Slurm) => Promise<Result>): Promise<Result>
