import { expect, it } from 'vitest'
import type { HashedFile } from './card-file.js'
import { otherFiles } from './hashed-files.js'

const file = (place: string, path: string, digit = 'a'): HashedFile => ({
  ...{ place, path, commit: null, bytes: 1 },
  sha256: digit.repeat(64),
})
const gpt2 = [file('gpt2', 'config.json'), file('gpt2', 'model.safetensors')]

it.each<[string, HashedFile[], HashedFile[], RegExp[]]>([
  ['the same', gpt2, [...gpt2].reverse(), []],
  ['none in the card', [], gpt2, [/config\.json of gpt2 is read here/, /model\.safetensors of gpt2 is read here/]],
  ['one missing here', gpt2, gpt2.slice(1), [/config\.json of gpt2 is not among the files/]],
  ['another place', gpt2, [file('other', 'config.json'), gpt2[1]!], [/of gpt2 is not among/, /of other is read here/]],
  ['another file', gpt2, [file('gpt2', 'config.json', 'b'), gpt2[1]!], [/config\.json is another file/]],
])('%s', (_, told, found, sentences) => {
  const problems = otherFiles('the model', told, found)
  expect(problems).toEqual(sentences.map((sentence) => expect.stringMatching(sentence)))
})

it('takes what a place of the card is called here', () => {
  expect(
    otherFiles('the model', gpt2, [file('/x', 'config.json'), file('/x', 'model.safetensors')], () => '/x'),
  ).toEqual([])
})
