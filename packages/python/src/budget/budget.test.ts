import { describe, expect, it } from 'vitest'
import { parseJson } from '../json/json.js'
import { findAll, substitute } from '../regex/regex.js'
import { makeChatTemplate } from '../templates/chat-template.js'
import { renderTemplate } from '../templates/render-template.js'
import { literalEval } from '../text/literal.js'

const doc = new Map<string, unknown>([
  ['choices', ['a', 'b', 'c']],
  ['question', `What a dog? ${'a'.repeat(40)}!`],
]) as Parameters<typeof renderTemplate>[1]

describe('templates end', () => {
  it.each([
    '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}',
    '{{ range(10**12)|sum }}',
    '{{ 9**99999999 }}',
    '{% set ns = namespace(n=9**99999) %}{% for i in range(40) %}{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}',
    '{{ ([0]*1000000000)|length }}',
    '{{ ("ab"*400000000)|length }}',
    '{{ "a"|center(500000000)|length }}',
    '{{ "1".zfill(500000000)|length }}',
    '{{ "a".ljust(500000000)|length }}',
    '{{ "%1000000000d"|format(1)|length }}',
    '{{ "%.1000000000f"|format(1.5)|length }}',
    '{{ "{:>1000000000}".format(1)|length }}',
    '{{ choices|tojson(indent=400000000)|length }}',
    '{{ "a\nb"|indent(400000000)|length }}',
    '{{ "a\tb".expandtabs(400000000)|length }}',
    '{{ choices|batch(400000000, "x")|list|length }}',
    '{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}',
    '{% set ns = namespace(l=[1]) %}{% for i in range(40) %}{% set ns.l = ns.l + ns.l %}{% endfor %}{{ ns.l|length }}',
    '{% set ns = namespace(s="ab") %}{% for i in range(40) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s|length }}',
    '{% set ns = namespace(s="ab") %}{% for i in range(40) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}{{ ns.s|length }}',
    '{{ question|regex_replace("(a+)+$", "x") }}',
    `{{ ${'('.repeat(20_000)}1${')'.repeat(20_000)} }}`,
    `{{ ${'not '.repeat(20_000)}1 }}`,
    `${'{% if 1 %}'.repeat(20_000)}`,
  ])('%.70s', (template) => {
    expect(() => renderTemplate(template, doc)).toThrow(expect.objectContaining({ name: 'PythonError' }))
  })

  it.each([
    ['{{ choices|batch(0)|list }}', "[[], ['a', 'b', 'c']]"],
    ['{{ choices|batch(-1)|list }}', "[['a', 'b', 'c']]"],
    ['{{ 1.5|round(100000) }}', '1.5'],
    ['{{ range(200000)|list|length }}', '200000'],
  ])('%s', (template, text) => {
    expect(renderTemplate(template, doc)).toBe(text)
  })

  it('after one that did not', () => {
    const render = makeChatTemplate('{% for a in range(n) %}{% for b in range(n) %}{% endfor %}{{ a }}{% endfor %}')
    expect(() => render(new Map([['n', 10 ** 5]]))).toThrow(/more than/)
    expect(render(new Map([['n', 3]]))).toBe('012')
  })

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('%s is no name', (name) => {
    for (const template of [`{{ "a".${name} }}`, `{{ choices|${name} }}`, `{{ choices is ${name} }}`, `{{ ${name} }}`])
      expect(() => renderTemplate(template, doc), template).toThrow(expect.objectContaining({ name: 'PythonError' }))
  })
})

describe('regular expressions end', () => {
  it('where many repetitions make them slow', () => {
    expect(() => substitute('a*a*a*$', '', `${'a'.repeat(20_000)}!`)).toThrow(/takes more than 3 s/)
  })
})

describe('what is nested too deeply is no value', () => {
  it('in JSON and literals', () => {
    expect(() => parseJson('['.repeat(200_000))).toThrow(SyntaxError)
    expect(() => literalEval('['.repeat(200_000))).toThrow(SyntaxError)
    expect(() => findAll('('.repeat(200_000), 'a')).toThrow(expect.objectContaining({ name: 'RegexError' }))
  })
})
