import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../tests/fixtures.js'
import { fakeSweep, writeRun } from '../../report/src/results/fake-sweep.testing.js'
import { serveUi, type Ui } from './serve-ui.js'

const open: Ui[] = []
afterAll(() => Promise.all(open.map((ui) => ui.close())))

async function served(folder: string): Promise<string> {
  const ui = await serveUi({ folder, target: 'dogs:down' })
  open.push(ui)
  return ui.address
}

/** The answer to a request as an attacker would make it: any host, path and method. */
function ask(address: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { port, host } = new URL(address)
  return new Promise<{ status: number; text: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers: { host, ...headers } }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => (text += part))
      answer.on('end', () => resolve({ status: answer.statusCode!, text, headers: answer.headers }))
    })
    asked.on('error', reject).end()
  })
}

describe('serveUi', () => {
  it('answers to its token and its host alone, and reads no path', async () => {
    const address = await served(fakeSweep([-20, 20], 12))
    const { pathname, hostname, port } = new URL(address)
    expect(hostname).toBe('127.0.0.1')
    expect(pathname).toMatch(/^\/[\w-]{32}\/$/)
    const status = async (path: string, headers?: Record<string, string>, method?: string) =>
      (await ask(address, path, headers, method)).status
    expect(await status(pathname)).toBe(200)
    expect(await status(pathname, { host: `localhost:${port}` })).toBe(200)
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1.evil.example:${port}`])
      expect(await status(pathname, { host })).toBe(403)
    expect(await status('/')).toBe(404)
    expect(await status(`${pathname.slice(0, -2)}${pathname.at(-2) === 'x' ? 'y' : 'x'}/`)).toBe(404)
    expect(await status(`${pathname.slice(0, -1)}`)).toBe(308)
    expect(await status(pathname, {}, 'POST')).toBe(405)
    for (const path of ['../../etc/passwd', '..%2f..%2fetc%2fpasswd', 'constructor', '__proto__', 'cells/baseline'])
      expect(await status(`${pathname}${path}`)).toBe(404)
    const strays = [
      'samples?run=../..',
      'samples?run=0',
      'samples?task=cat',
      'search?task=cat',
      'compare?a=-1&b=1e9',
      'compare?b=__proto__',
      'search?run=x',
    ]
    for (const query of [...strays, 'search?after-run=cells/baseline&after-task=dogs'])
      expect(await ask(address, `${pathname}${query}`)).toMatchObject({
        status: 422,
        text: expect.stringContaining('which is not in this folder now'),
      })
    const { headers, text } = await ask(address, pathname)
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    expect(text).toMatch(
      /default-src 'none'; style-src 'sha256-[^ ]+'; script-src( 'sha256-[^ ]+')+; base-uri 'none'; connect-src 'self'; form-action 'self'"/,
    )
    expect(text).not.toContain(pathname.slice(1, -1))
  })

  it('says what is wrong with a folder and a port', async () => {
    await expect(serveUi({ folder: '/nowhere' })).rejects.toThrow('/nowhere: no such folder')
    const address = await served(fakeSweep([20], 4))
    const port = Number(new URL(address).port)
    await expect(serveUi({ folder: temporaryFolder(), port })).rejects.toThrow(
      `\`port\` ${port}: another program has it`,
    )
    const empty = await served(temporaryFolder())
    expect(await ask(empty, new URL(empty).pathname)).toMatchObject({
      status: 200,
      text: expect.stringContaining('holds no results'),
    })
  })

  it('searches 20,000 answers as a stream, from where it ended', async () => {
    const folder = temporaryFolder()
    writeRun(folder, { pretrained: 'tiny' }, { dogs: [1] })
    const path = join(folder, 'samples_dogs_2026-01-02T03-04-05.000006.jsonl')
    const line = readFileSync(path, 'utf8').trim()
    const lines = (from: number) =>
      Array.from({ length: 10_000 }, (_, index) =>
        line.replace('"doc_id":0', `"doc_id":${from + index}`).replaceAll('dogs 0', `dogs ${from + index} <Zürich>`),
      )
    writeFileSync(path, '')
    for (let from = 0; from < 20_000; from += 10_000) appendFileSync(path, `${lines(from).join('\n')}\n`)
    const address = await served(folder)
    const run = 'results_2026-01-02T03-04-05.000006.json'
    const search = async (query: string) => {
      const { text } = await ask(address, `${new URL(address).pathname}search?${encodeURI(query)}`)
      return text
        .trim()
        .split('\n')
        .map((json) => JSON.parse(json))
    }
    const found = await search(`q=DOGS+19987&run=${run}`)
    expect(found.filter(({ doc }) => doc).map(({ doc }) => doc.id)).toEqual([19_987])
    expect(found.at(-1)).toEqual({ read: 20_000, next: null })
    const first = await search('q=zürich&run=')
    expect(first.filter(({ doc }) => doc)).toHaveLength(50)
    expect(first.at(-1)).toEqual({ read: 50, next: { run, task: 'dogs', line: 50 } })
    // runs that come meanwhile, before and behind, do not move the place
    for (const name of ['a', 'z'])
      writeRun(join(folder, name), { base_name: 'tiny', csv_path: `${name}.csv` }, { dogs: [1] })
    const next = await search(`q=zürich&after-run=${run}&after-task=dogs&after-line=50`)
    expect(next[0].doc.id).toBe(50)
    expect(next.at(-1)).toMatchObject({ read: 50, next: { run, line: 100 } })
    expect((await search('q=nowhere')).filter(({ doc }) => doc)).toEqual([])
    // what is wrong in the middle stands behind what was found before it
    appendFileSync(path, '{"doc_id": 1}\n')
    const broken = await search(`q=19987&run=${run}`)
    expect(broken.filter(({ doc }) => doc)).toHaveLength(1)
    await expect(search(`q=&run=${run}&after-run=${run}&after-task=dogs&after-line=19990`)).resolves.toHaveLength(11)
    const { problem } = (await search(`q=&run=${run}&after-run=${run}&after-task=dogs&after-line=19990`)).at(-1)
    expect(problem).toMatch(/samples_dogs_.*:20001 is not a sample of a results folder/)
  })
})

it('says of answers under several filters which is which', async () => {
  const folder = temporaryFolder()
  writeRun(folder, { pretrained: 'tiny' }, { sums: [1] })
  const path = join(folder, 'samples_sums_2026-01-02T03-04-05.000006.jsonl')
  const line = readFileSync(path, 'utf8').trim()
  const filters = ['strict-match', 'flexible-extract']
  writeFileSync(path, filters.map((filter) => line.replace('"filter":"none"', `"filter":"${filter}"`)).join('\n'))
  const address = await served(folder)
  const { text } = await ask(address, `${new URL(address).pathname}search?q=sums`)
  const names = [...text.matchAll(/"name":"([^"]*)"/g)].map(([, name]) => name)
  expect(names).toEqual(filters.map((filter) => `unsteered (${filter})`))
})

describe('events', () => {
  /** What comes of the events until they fit, or for some milliseconds. */
  async function events(address: string, query: string, until: RegExp, last?: string): Promise<string> {
    const headers = last === undefined ? {} : { 'last-event-id': last }
    const answer = await fetch(`${address}events${query}`, { headers, signal: AbortSignal.timeout(5000) })
    let text = ''
    for await (const part of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += part
      if (until.test(text)) break
    }
    return text
  }

  it('begin with the version that the page was made of, or was told of last', async () => {
    const folder = temporaryFolder()
    const address = await served(folder)
    const version = async () => /data-version="(\w+)"/.exec(await (await fetch(address)).text())![1]!
    const before = await version()
    writeFileSync(join(folder, 'more.json'), '{}')
    const now = await version()
    expect(now).not.toBe(before)
    // it changed before the page was connected, and while it was not
    const announced = `id: ${now}\nevent: changed\ndata: \n\n`
    expect(await events(address, `?version=${before}`, /\n\n.*\n\n/s)).toContain(announced)
    expect(await events(address, `?version=${now}`, /\n\n.*\n\n/s, before)).toContain(announced)
    // nothing to tell yet
    const waiting = events(address, `?version=${before}`, /\n\n.*\n\n/s, now)
    await new Promise((resolve) => setTimeout(resolve, 50))
    writeFileSync(join(folder, 'last.json'), '{}')
    expect(await waiting).toContain(`id: ${await version()}\n`)
  })
})
