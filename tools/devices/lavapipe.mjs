// node tools/devices/lavapipe.mjs: a Vulkan device on the CPU, Mesa's lavapipe, for tests of WebGPU. Takes Debian packages from where the
// machine's own apt takes them (on Debian from its backports: what 12 itself has fails in Dawn) and unpacks them into the cache: no root,
// nothing installed. Prints the file of environment variables that a process needs for it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { cached, NotHere, prepare, run } from './prepared.mjs'

await prepare('lavapipe', async () => {
  if (process.platform !== 'linux') throw new NotHere('it is taken from Debian packages')
  const folder = await cached('lavapipe-1', unpack)
  const libraries = dirname(readdirSync(folder, { recursive: true }).find((path) => path.endsWith('/libvulkan_lvp.so')))
  const driver = join(folder, 'driver.json')
  return {
    folder,
    environment: {
      LD_LIBRARY_PATH: join(folder, libraries),
      VK_DRIVER_FILES: driver,
      // the loader's older name for it
      VK_ICD_FILENAMES: driver,
      VK_LOADER_LAYERS_DISABLE: '*',
      XDG_RUNTIME_DIR: join(folder, 'run'),
    },
  }
})

async function unpack(folder, finished) {
  const work = join(folder, 'apt')
  const { options, from } = await ownApt(work)
  const install = ['install', '--yes', '--no-install-recommends', '--reinstall', '--download-only']
  await run('apt-get', ...options, ...install, ...from, 'mesa-vulkan-drivers', 'libvulkan1')
  for (const name of readdirSync(join(work, 'archives')))
    if (name.endsWith('.deb')) await run('dpkg', '-x', join(work, 'archives', name), join(folder, 'root'))
  rmSync(work, { recursive: true })

  const library = readdirSync(folder, { recursive: true }).find((path) => path.endsWith('/libvulkan_lvp.so'))
  if (library === undefined) throw new NotHere('mesa-vulkan-drivers has no libvulkan_lvp.so')
  const driver = { file_format_version: '1.0.0', ICD: { api_version: '1.3.0', library_path: join(finished, library) } }
  writeFileSync(join(folder, 'driver.json'), JSON.stringify(driver))
  mkdirSync(join(folder, 'run'), { mode: 0o700 })
}

/** Options with which apt works below `work`, for whoever asks, on the machine's own sources and Debian's backports. */
async function ownApt(work) {
  for (const part of ['archives/partial', 'lists/partial', 'state', 'cache'])
    mkdirSync(join(work, part), { recursive: true })
  const list = '/etc/apt/sources.list'
  const own = existsSync(list) ? readFileSync(list, 'utf8') : ''
  const backports = await backportsOfDebian()
  const further = backports === null ? '' : `deb ${backports.address} ${backports.suite} main\n`
  writeFileSync(join(work, 'sources.list'), `${own}\n${further}`)
  const settings = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::State': join(work, 'state'),
    'Dir::State::lists': join(work, 'lists'),
    'Dir::State::status': '/var/lib/dpkg/status',
    'Dir::Cache': join(work, 'cache'),
    'Dir::Cache::archives': join(work, 'archives'),
    'APT::Sandbox::User': userInfo().username,
    'Acquire::Languages': 'none',
    'Debug::NoLocking': 'true',
  }
  const options = ['-qq', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])]
  await run('apt-get', ...options, 'update')
  return { options, from: backports === null ? [] : ['-t', backports.suite] }
}

/** The backports of the machine's own Debian, where its apt looks for packages; null on other systems. */
async function backportsOfDebian() {
  const release = readFileSync('/etc/os-release', 'utf8')
  const codename = /^VERSION_CODENAME=(\w+)$/m.exec(release)?.[1]
  if (!/^ID=debian$/m.test(release) || codename === undefined) return null
  const targets = await run('apt-get', 'indextargets', '--format', '$(REPO_URI) $(CODENAME)', 'Identifier: Packages')
  const target = targets.split('\n').find((line) => line.endsWith(` ${codename}`))
  return target === undefined ? null : { address: target.split(' ')[0], suite: `${codename}-backports` }
}
