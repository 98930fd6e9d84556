import { describe, expect, test } from 'vitest'
import { renderTable } from './table.ts'

const COLUMNS = [
  { title: 'NAME', canShrink: true },
  { title: 'N', align: 'right' },
  { title: 'WHY', canShrink: true },
] as const

describe('a table', () => {
  test('is as wide as what stands in it, numbers to the right', () => {
    expect(
      renderTable(COLUMNS, [
        ['gpu-1', '7', 'idle'],
        ['a', '100', ''],
      ]),
    ).toEqual(['NAME     N  WHY', 'gpu-1    7  idle', 'a      100'])
  })

  test('cuts the widest names first, and numbers never', () => {
    const rows = [['a-very-long-name-of-a-backend', '123456', 'a long reason why it is so']]
    const lines = renderTable(COLUMNS, rows, 40)
    expect(Math.max(...lines.map((line) => line.length))).toBe(40)
    expect(lines[1]).toBe('a-very-long-na…  123456  a long reason …')
  })

  test('stays readable in a terminal that is too narrow for it', () => {
    const lines = renderTable(COLUMNS, [['abcdefghij', '123456', 'klmnopqrst']], 5)
    expect(lines[1]).toBe('abcde…  123456  klmno…')
  })

  test('counts no colours', () => {
    const paint = (text: string): string => `<${text}>`
    expect(renderTable(COLUMNS, [[{ text: 'ab', paint }, '1', 'x']])[1]).toBe('<ab  >  1  x')
  })

  test('shows what a terminal would obey instead of sending it there', () => {
    expect(renderTable(COLUMNS, [['\u001b[2Jx', '1', 'a\nb']])[1]).toBe('·[2Jx  1  a·b')
  })
})
