import { describe, expect, test } from 'vitest'
import { isProblemCode, problemCodes, problemKind } from './codes.ts'
import { problem, problemResponse } from './problem.ts'

describe('the codes', () => {
  test.each(problemCodes)('%s has a status of an error, a title and a meaning', (code) => {
    const { status, title, meaning } = problemKind(code)
    expect(Number.isInteger(status) && status >= 400 && status <= 599).toBe(true)
    expect(title).toMatch(/^[A-Z][\w ]+$/)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  })

  test('T14: never blame a backend’s refusal on the client’s key, nor a client’s mistake on a backend', () => {
    const statusOf = (code: (typeof problemCodes)[number]) => problemKind(code).status
    expect(statusOf('upstream-misconfigured')).toBe(502)
    expect(problemCodes.filter((code) => code.startsWith('upstream')).map(statusOf)).toEqual([
      502, 502, 502, 502,
    ])
    expect(problemCodes.filter((code) => statusOf(code) === 401)).toEqual(['unauthorized'])
    expect(statusOf('deadline-exceeded')).toBe(504)
  })

  test('are recognised, and what objects have by birth is not', () => {
    expect(problemCodes.every(isProblemCode)).toBe(true)
    expect(['', 'toString', '__proto__', 'Unauthorized'].some(isProblemCode)).toBe(false)
  })
})

describe('problemResponse', () => {
  test('is a problem document with an `error` that clients of the protocol look for', async () => {
    const response = problemResponse(problem('unsupported-shape', 'sd-v1: expected [B, 4, H/8, W/8].'), 'r-1')
    expect(response.status).toBe(422)
    expect([...response.headers]).toEqual([['content-type', 'application/problem+json']])
    expect(await response.json()).toEqual({
      type: '/problems/unsupported-shape',
      title: 'Unsupported shape',
      status: 422,
      detail: 'sd-v1: expected [B, 4, H/8, W/8].',
      code: 'unsupported-shape',
      requestId: 'r-1',
      error: 'Unsupported shape: sd-v1: expected [B, 4, H/8, W/8].',
    })
  })

  test('says when to come back, were it at once', () => {
    const comesBack = (retryAfterSeconds: number) =>
      problemResponse(problem('no-capacity', 'Full.', { retryAfterSeconds }), 'r').headers.get('retry-after')
    expect([comesBack(7), comesBack(0)]).toEqual(['7', '0'])
    expect(problemResponse(problem('no-capacity', 'Full.'), 'r').headers.has('retry-after')).toBe(false)
  })

  test('carries the headers its status requires, and stays a problem document whatever they are', () => {
    const headers = { 'www-authenticate': 'Bearer', 'content-type': 'text/html' }
    const response = problemResponse(problem('unauthorized', 'Expected a key.', { headers }), 'r')
    expect(response.headers.get('www-authenticate')).toBe('Bearer')
    expect(response.headers.get('content-type')).toBe('application/problem+json')
  })

  test('C19: escapes what stands in a detail', async () => {
    const detail = '"\u0000\r\n<script>\u2028'
    const text = await problemResponse(problem('internal-error', detail), 'r').text()
    expect([...text].filter((char) => char < ' ')).toEqual([])
    expect((JSON.parse(text) as { detail: string }).detail).toBe(detail)
  })
})
