import { dirname, resolve } from 'node:path'
import type { Command } from 'commander'

/** Declares --plugin. */
export function addPluginOption(command: Command): Command {
  return command.option(
    '--plugin <modules...>',
    'load JavaScript modules or packages that bring models, metrics, filters or SAE formats (docs/plugins.md)',
  )
}

/**
 * What comes before a command's own work: the values of --config, then the plug-ins, since they may bring what the other flags name. Paths of a
 * config file are relative to it. Throws InputError.
 */
export async function beforeCommand(command: Command): Promise<void> {
  const { config } = command.opts<{ config?: string }>()
  if (config !== undefined) {
    const { applyConfigFile } = await import('../options/config-file.js')
    applyConfigFile(command, config)
  }
  const { plugin } = command.opts<{ plugin?: readonly string[] }>()
  if (plugin === undefined) return
  const { loadPlugins } = await import('./load-plugins.js')
  const isFromFile = config !== undefined && command.getOptionValueSource('plugin') === 'config'
  await loadPlugins(plugin, isFromFile ? resolve(dirname(config)) : process.cwd())
}
