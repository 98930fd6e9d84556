import { afterEach, expect, test, vi } from 'vitest'
import { readEndpoint } from './endpoint.ts'

afterEach(() => vi.unstubAllGlobals())

test.each([
  ['https://vae.example.com', 'https://vae.example.com'],
  ['https://vae.example.com/', 'https://vae.example.com'],
  [new URL('http://127.0.0.1:8787/a/b//?x#y'), 'http://127.0.0.1:8787/a/b'],
])('%s is %s', (endpoint, url) => {
  expect(readEndpoint(endpoint)).toBe(url)
})

test('in a page an address may be relative', () => {
  vi.stubGlobal('location', { href: 'https://vae.example.com/play/ground' })
  expect(readEndpoint('/')).toBe('https://vae.example.com')
})

test.each([
  ['vae.example.com', 'a URL such as'],
  ['https://x:secret@vae example.com', 'a URL such as'],
  ['ftp://vae.example.com', 'http or https'],
  ['https://x:secret@vae.example.com', 'the key as apiKey'],
])('%s is refused, without a secret in what is said', (endpoint, says) => {
  expect(() => readEndpoint(endpoint)).toThrow(says)
  expect(() => readEndpoint(endpoint)).not.toThrow('secret')
})
