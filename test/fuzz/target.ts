/** A parser and what it promises of any input. */
import fc from 'fast-check'

export interface Target {
  readonly name: string
  readonly property: fc.IAsyncPropertyWithHooks<[unknown]>
}

/** @param promise throws when it is broken; a parser that throws breaks it as well */
export const target = <T>(name: string, input: fc.Arbitrary<T>, promise: (input: T) => unknown): Target => ({
  name,
  property: fc.asyncProperty(input, async (value) => {
    await promise(value)
  }) as Target['property'],
})

/** Everything that follows from the input is right, or the promise is broken. */
export function holds(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`It does not hold that ${what}.`)
}

/** Texts that parsers have stumbled over, among any others. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.constantFrom(
    '',
    ' ',
    '\0',
    '\r\n',
    'None',
    'null',
    'NaN',
    '-0',
    '1e309',
    '0x10',
    '9007199254740993',
    '٣',
    '__proto__',
    'constructor',
    'toString',
    '\u2028',
    '\ud800',
    '%',
    '%00',
    '../',
  ),
  fc.double().map(String),
  fc.integer().map(String),
)

/** Long texts of few kinds of characters, in which an expression that backtracks loses itself. */
export const long: fc.Arbitrary<string> = fc
  .tuple(
    fc.array(
      fc.constantFrom(
        ' ',
        ',',
        ';',
        '=',
        'q=',
        'a',
        '0',
        '1,',
        '.',
        ':',
        '::',
        '/',
        '*',
        '[',
        ']',
        '"',
        '\\',
        'e',
        '+',
        '-',
        '\t',
        '==',
      ),
      { minLength: 1, maxLength: 3 },
    ),
    fc.integer({ min: 1, max: 20_000 }),
    fc.constantFrom('', '!', '\n', 'x'),
  )
  .map(([parts, times, end]) => parts.join('').repeat(times) + end)

/** A text with some characters changed, doubled, moved or gone. */
export const mutated = (good: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.tuple(good, fc.array(fc.tuple(fc.nat(), fc.nat(3), text), { maxLength: 4 })).map(([whole, changes]) => {
    let out = whole
    for (const [spot, kind, piece] of changes) {
      const at = spot % (out.length + 1)
      if (kind === 0) out = out.slice(0, at) + out.slice(at + 1)
      else if (kind === 1) out = out.slice(0, at) + piece + out.slice(at)
      else if (kind === 2) out = out.slice(0, at) + piece + out.slice(at + piece.length)
      else out = out.slice(0, at) + out.slice(at, at + 9) + out.slice(at)
    }
    return out
  })

/** Bytes with some of them changed, or cut. */
export const mutatedBytes = (good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array<ArrayBuffer>> =>
  fc
    .tuple(
      good,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.option(fc.nat(), { freq: 3 }),
    )
    .map(([whole, changes, end]) => {
      const out = Uint8Array.from(whole)
      for (const [spot, byte] of changes) if (out.length > 0) out[spot % out.length] = byte
      return end === null ? out : out.slice(0, end % (out.length + 1))
    })
