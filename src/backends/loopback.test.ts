import { describe, expect, test } from 'vitest'
import { onBothLoopbacks } from './loopback.ts'

/** A machine on which some URLs answer. */
function machine(...answering: string[]) {
  const asked: string[] = []
  const on = new Set(answering)
  const fetcher: typeof fetch = async (input) => {
    asked.push(String(input))
    if (!on.has(new URL(String(input)).hostname)) throw new TypeError('refused')
    return new Response()
  }
  return { asked, on, get: onBothLoopbacks(fetcher, new Map()) }
}

describe('FC17: a backend at localhost', () => {
  test('is found where it listens on ::1 only, and looked for there first the next time', async () => {
    const { asked, get } = machine('[::1]')
    await get('http://localhost:8001/vae?x=1')
    await get('http://localhost:8001/vae?x=1')
    expect(asked).toEqual([
      'http://localhost:8001/vae?x=1',
      'http://[::1]:8001/vae?x=1',
      'http://[::1]:8001/vae?x=1',
    ])
  })

  test('is asked once where it has answered, though it breaks off then', async () => {
    const { asked, on, get } = machine('localhost')
    await get('http://localhost:8001/')
    on.clear()
    await expect(get('http://localhost:8001/')).rejects.toThrow('refused')
    expect(asked).toEqual(['http://localhost:8001/', 'http://localhost:8001/'])
  })

  test('is found again where it moved to', async () => {
    const { on, get } = machine('localhost')
    await get('http://localhost:8001/')
    on.clear()
    on.add('[::1]')
    await expect(get('http://localhost:8001/')).rejects.toThrow('refused')
    expect((await get('http://localhost:8001/')).status).toBe(200)
  })

  test('fails as it did at first when neither answers, and not at all twice for who has left', async () => {
    const { asked, get } = machine()
    await expect(get('http://localhost:8001/')).rejects.toThrow('refused')
    expect(asked).toHaveLength(2)
    await expect(get('http://localhost:8001/', { signal: AbortSignal.abort() })).rejects.toThrow('refused')
    expect(asked).toHaveLength(3)
  })

  test.each([
    'https://localhost/',
    'http://localhost.example.com/',
    'http://127.0.0.1:8001/',
    'http://[::1]/',
  ])('is no other: %s is asked as it is, once', async (url) => {
    const { asked, get } = machine()
    await expect(get(url)).rejects.toThrow('refused')
    expect(asked).toEqual([url])
  })
})
