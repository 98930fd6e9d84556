import { expect, test } from 'vitest'
import { networkOf } from './address.ts'

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s is of the network %s', (address, network) => {
  expect(networkOf(address)).toBe(network)
})

test.each([
  '',
  '1.2.3',
  '1.2.3.256',
  '1.2.3.4.5',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '2001:db8::g',
  'localhost',
])('%j is no address', (text) => {
  expect(networkOf(text)).toBeUndefined()
})

test('one customer of IPv6 is one, however many addresses are used', () => {
  const networks = Array.from({ length: 1_000 }, (_, i) =>
    networkOf(`2001:db8:1:2:${i.toString(16)}::${i.toString(16)}`),
  )
  expect(new Set(networks).size).toBe(1)
})
