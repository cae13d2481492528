import type { AtlasAction, Ranker, SearchAction } from '@saeval/experiments'

/** What `saeval ls` lists. */
export const listings = [
  'tasks',
  'groups',
  'subtasks',
  'tags',
  'models',
  'metrics',
  'filters',
  'sae_formats',
  'plugins',
  'devices',
] as const
export type Listing = (typeof listings)[number]

/** What `saeval cache` does. */
export const cacheActions = ['ls', 'clear'] as const
export type CacheAction = (typeof cacheActions)[number]

/** Shells that `saeval completion` knows. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What `saeval rank` ranks by. */
export const rankers = [
  'documents',
  'output',
  'confidence',
  'correlation',
  'slope',
] as const satisfies readonly Ranker[]

/** Actions that `saeval search` tries. */
export const searchActions = [
  'add',
  'add_latent',
  'clamp',
  'clamp_active',
  'ablate',
] as const satisfies readonly SearchAction[]

/** How `saeval atlas` steers. */
export const atlasActions = ['add', 'add_latent', 'clamp', 'clamp_active'] as const satisfies readonly AtlasAction[]
