import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { temporaryFolder } from '../../../../tests/fixtures.js'
import { pythonSources } from './python-sources.js'

it('follows imports, and nothing else', () => {
  const folder = temporaryFolder()
  for (const name of ['task/deep', 'other/below']) mkdirSync(join(folder, name), { recursive: true })
  const files = {
    'task/utils.py': `import re, helper as h
from .rules import (
    strict,  # the first
    loose,
)
from lm_eval.tasks.other.below.shared import f
def g():
    import lazy`,
    'task/helper.py': 'from . import sibling\nimport utils',
    'task/sibling.py': 'from .. import other',
    'task/rules.py': 'from deep import inner',
    'task/deep/inner.py': '# inner',
    'task/deep/__init__.py': '# deep',
    'task/lazy.py': '# lazy',
    'task/unused.py': '# unused',
    'task/re.txt': 'no Python',
    'other/__init__.py': '# other',
    'other/below/shared.py': '# shared',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const texts = pythonSources(join(folder, 'task/utils.py'))
  const names = Object.entries(files).flatMap(([name, text]) => (texts.includes(text) ? [name] : []))
  expect(names).toEqual(Object.keys(files).filter((name) => !/unused|txt/.test(name)))
  expect(pythonSources(join(folder, 'none.py'))).toEqual([])
})
