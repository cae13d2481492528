// Installs Debian packages that tests need, where they can be had: node tools/debian-packages.mjs NAME…; a line says where they cannot.
import { spawnSync } from 'node:child_process'
import { argv, env, getuid } from 'node:process'
import { pathToFileURL } from 'node:url'

const has = (name) => spawnSync('dpkg-query', ['-W', '-f', `\${Status}`, name], { encoding: 'utf8' })
const isInstalled = (name) => has(name).stdout?.includes('ok installed') === true

/** Installs those packages that are missing. Gives null, or why they cannot be had. */
export function installPackages(names) {
  const missing = () => names.filter((name) => !isInstalled(name))
  if (missing().length === 0) return null
  if (getuid?.() !== 0) return `${missing().join(', ')} can be installed by root only`
  const quiet = { env: { ...env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'ignore' }
  spawnSync('apt-get', ['update', '-qq'], quiet)
  spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing()], quiet)
  return missing().length === 0 ? null : `Debian's ${missing().join(', ')} cannot be installed`
}

if (import.meta.url === pathToFileURL(argv[1] ?? '').href)
  for (const name of argv.slice(2)) {
    const why = installPackages([name])
    if (why !== null) console.log(`no tests with ${name}: ${why}`)
  }
