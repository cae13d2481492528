import { describe, expect, it } from 'vitest'
import { PyBytes } from '../values/bytes.js'
import { PyDecimal } from '../values/decimal.js'
import { PyDatetime } from '../values/times.js'
import type { PyValue } from '../values/value.js'
import { renderTemplate } from './render-template.js'

const doc = new Map<string, PyValue>([
  ['t', new PyDatetime(1_577_934_245_123_456n)],
  ['z', new PyDatetime(1_577_934_245_000_000n, 'America/New_York')],
  ['d', new PyDecimal(150n, 2)],
  ['b', new PyBytes(Buffer.from('a"\'\n'))],
])

// the texts are those of jinja2 3.1.6 with Python's own values
describe('dates, Decimals and bytes in templates', () => {
  it.each([
    ['{{ t }} {{ [t] }}', '2020-01-02 03:04:05.123456 [datetime.datetime(2020, 1, 2, 3, 4, 5, 123456)]'],
    ['{{ z }} {{ z.hour }}', '2020-01-01 22:04:05-05:00 22'],
    ['{{ t.year }}-{{ t.month }} {{ t.isoformat() }} {{ t.date() }}', '2020-1 2020-01-02T03:04:05.123456 2020-01-02'],
    ['{{ d }} {{ [d] }} {{ d|float }} {{ d|int }}', "1.50 [Decimal('1.50')] 1.5 1"],
    ['{{ b }} {{ b.decode() }}', "b'a\"\\'\\n' a\"'\n"],
    [
      '{{ t ~ d }} {{ t == t }} {{ t == d }} {{ "y" if d else "n" }} {{ t is string }}',
      '2020-01-02 03:04:05.1234561.50 True False y False',
    ],
  ])('%s', (template, text) => {
    expect(renderTemplate(template, doc)).toBe(text)
  })

  it.each([
    ['{{ t|tojson }}', /Object of type datetime is not JSON serializable/],
    ['{{ t.fold }}', /saeval does not know the attribute fold of a datetime/],
    ['{{ t.timestamp() }}', /saeval does not know the attribute timestamp of a datetime/],
    ['{{ b.decode("latin-1") }}', /saeval does not know bytes.decode with these arguments/],
    ['{{ d|round }}', /type Decimal doesn't define __round__ method/],
    ['{{ d + 1 }}', /unsupported operand type/],
    ['{{ d < 1 }}', /not supported between instances/],
  ])('refuses %s', (template, message) => {
    expect(() => renderTemplate(template, doc)).toThrow(message)
  })
})
