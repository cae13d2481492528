/** A template cannot be rendered; `exception` is the Python exception class that Jinja would raise. */
export class TemplateError extends Error {
  override name = 'TemplateError'

  constructor(
    readonly exception:
      | 'UndefinedError'
      | 'TypeError'
      | 'ValueError'
      | 'TemplateSyntaxError'
      | 'TemplateAssertionError'
      | 'ZeroDivisionError'
      | 'KeyError',
    message: string,
  ) {
    super(message)
  }
}

/** A name or attribute that is not there. It may be tested with `is defined`; any other use raises (Jinja's StrictUndefined). */
export class Undefined {
  constructor(readonly message: string) {}
}
