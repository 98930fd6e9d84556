import { describe, expect, test } from 'vitest'
import { expectError, expectValue } from '../../test/support/results.ts'
import { checkBackendUrl } from './backend-url.ts'

describe('a backend may stand at', () => {
  test.each([
    ['https://decoder.example.com', 'https://decoder.example.com/'],
    ['HTTPS://Decoder.Example.COM:443/sdxl', 'https://decoder.example.com/sdxl'],
    ['https://decoder.example.com:8443/a/b/', 'https://decoder.example.com:8443/a/b/'],
    [
      'https://x2d.us-east-1.aws.endpoints.huggingface.cloud/',
      'https://x2d.us-east-1.aws.endpoints.huggingface.cloud/',
    ],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/'],
    ['https://93.184.216.34/', 'https://93.184.216.34/'],
    ['https://172.15.0.1/', 'https://172.15.0.1/'],
    ['https://172.32.0.1/', 'https://172.32.0.1/'],
    ['https://100.63.0.1/', 'https://100.63.0.1/'],
    ['https://100.128.0.1/', 'https://100.128.0.1/'],
    ['https://[2606:2800:220:1::1]/', 'https://[2606:2800:220:1::1]/'],
    ['http://localhost:8000', 'http://localhost:8000/'],
    ['http://127.0.0.1:8000/', 'http://127.0.0.1:8000/'],
    ['http://127.255.1.2/', 'http://127.255.1.2/'],
    ['http://[::1]:8000/', 'http://[::1]:8000/'],
    ['http://gpu.localhost/', 'http://gpu.localhost/'],
    // Other ways to write 127.0.0.1, which the URL parser knows.
    ['http://2130706433/', 'http://127.0.0.1/'],
    ['http://0x7f.1/', 'http://127.0.0.1/'],
    ['http://0177.0.0.1/', 'http://127.0.0.1/'],
    ['http://127.0.0.1./', 'http://127.0.0.1/'],
    ['http://localhost./', 'http://localhost./'],
    ['http://\u24DBocalhost/', 'http://localhost/'],
    ['http://127\u30020\u30020\u30021/', 'http://127.0.0.1/'],
    // A host that only looks like a user.
    ['https://decoder.example.com\\@10.0.0.1/', 'https://decoder.example.com/@10.0.0.1/'],
    // Near what is private, and public.
    ['https://nip.io.example.com/', 'https://nip.io.example.com/'],
    ['https://internal.example.com/', 'https://internal.example.com/'],
    ['https://notlvh.me/', 'https://notlvh.me/'],
    ['https://192.0.1.1/', 'https://192.0.1.1/'],
    ['https://198.51.101.1/', 'https://198.51.101.1/'],
    ['https://[2001:4860:4860::8888]/', 'https://[2001:4860:4860::8888]/'],
    ['https://[2003::1]/', 'https://[2003::1]/'],
    ['https://decoder.example.com./', 'https://decoder.example.com./'],
  ])('%s', (text, url) => {
    expect(expectValue(checkBackendUrl(text))).toBe(url)
  })
})

const PRIVATE = 'a public host, not a private or link-local address'

describe('T10: a backend may not stand at', () => {
  test.each([
    '10.0.0.1',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '100.100.100.200',
    '100.127.255.255',
    '0.0.0.0',
    '192.0.0.1',
    '198.18.0.1',
    '198.19.255.255',
    '224.0.0.1',
    '239.1.1.1',
    '240.0.0.1',
    '255.255.255.255',
    // The same, disguised: decimal, hexadecimal, octal, short, full-width digits, percent-encoded.
    '2852039166',
    '0xa9fea9fe',
    '0xA9.0xFE.0xA9.0xFE',
    '0251.0376.0251.0376',
    '169.254.43518',
    '167772161',
    '10.1',
    '0',
    '１０.0.0.1',
    '%31%30.0.0.1',
    '10。0。0。1',
    '[::]',
    '[::ffff:10.0.0.1]',
    '[::ffff:169.254.169.254]',
    '[::ffff:a9fe:a9fe]',
    '[0:0:0:0:0:ffff:0a00:0001]',
    '[::ffff:127.0.0.1]',
    '[::10.0.0.1]',
    '[64:ff9b::a9fe:a9fe]',
    '[fc00::1]',
    '[fd12:3456:789a::1]',
    '[fe80::1]',
    '[FE80::1]',
    '[febf::1]',
    '[ff02::1]',
    'gpu',
    'gpu.local',
    'gpu.internal',
    'metadata.google.internal',
    'printer.lan',
    'router.home',
    'decoder.corp',
    'decoder.intranet',
    // Addresses that lead to a private one by a tunnel, and those that lead nowhere.
    '192.0.2.1',
    '192.0.0.192',
    '192.88.99.1',
    '198.51.100.1',
    '203.0.113.1',
    '[2002:a00:1::]',
    '[2002:a9fe:a9fe::1]',
    '[2001:0:a00:1::]',
    '[2001::1]',
    '[2001:db8::1]',
    '[3fff::1]',
    '[100::1]',
    '[fec0::1]',
    '[fd00:ec2::254]',
    '[64:ff9b:1::a00:1]',
    '[::ffff:0:10.0.0.1]',
    // Octal, hexadecimal and short in one, other digits and other dots.
    '0xa9.0376.43518',
    '000000251.0xfe.0251.0376',
    '１６９.２５４.１６９.２５４',
    '①⓪.0.0.1',
    '169\uFF0E254\uFF0E169\uFF0E254',
    '169\uFF61254\uFF61169\uFF61254',
    '10.0.0.1%2e',
    '%67pu.internal',
    'gpu%2einternal',
    'gpu.\u24D8nternal',
    'gpu.inter\u00ADnal',
    'gpu.\uFF49nternal',
    'GPU.INTERNAL',
    'metadata',
    'instance-data',
    'gpu.internal..',
    '10.0.0.1..',
    'metadata.google.internal.',
    'localhost.localdomain',
    'gpu.home.arpa',
    '1.0.0.10.in-addr.arpa',
    'gpu.private',
    'gpu.onion',
    // Names that are whatever address they spell.
    '127.0.0.1.nip.io',
    '10-0-0-1.sslip.io',
    'a9fea9fe.nip.io',
    'localtest.me',
    'gpu.lvh.me',
    'gpu.local.',
    'gpu.',
    '10.0.0.1.',
  ])('https://%s/', (host) => {
    expect(expectError(checkBackendUrl(`https://${host}/`))).toBe(PRIVATE)
  })

  test.each([
    ['http://decoder.example.com/', 'https; plain http is for loopback addresses only'],
    ['http://10.0.0.1/', 'https; plain http is for loopback addresses only'],
    ['http://127.0.0.1.example.com/', 'https; plain http is for loopback addresses only'],
    ['http://localhost.example.com/', 'https; plain http is for loopback addresses only'],
    ['http://notlocalhost/', 'https; plain http is for loopback addresses only'],
    ['ftp://decoder.example.com/', 'an https URL'],
    ['file:///etc/passwd', 'an https URL'],
    ['javascript:alert(1)', 'an https URL'],
    ['decoder.example.com:443', 'an https URL'],
    ['data:text/plain,a', 'an https URL'],
    ['blob:https://decoder.example.com/a', 'an https URL'],
    ['ws://decoder.example.com/', 'an https URL'],
    ['gopher://10.0.0.1/', 'an https URL'],
    ['http://decoder.example.com#@127.0.0.1/', 'a URL without query and fragment'],
    [
      'http://127.0.0.1@decoder.example.com/',
      'a URL without user and password; name a secret in tokenSecret instead',
    ],
    [
      'https:\\\\decoder.example.com@10.0.0.1/',
      'a URL without user and password; name a secret in tokenSecret instead',
    ],
    ['', 'an absolute URL such as https://decoder.example.com/'],
    ['decoder.example.com', 'an absolute URL such as https://decoder.example.com/'],
    ['//decoder.example.com', 'an absolute URL such as https://decoder.example.com/'],
    ['https://', 'an absolute URL such as https://decoder.example.com/'],
    ['https://10.0.0.256/', 'an absolute URL such as https://decoder.example.com/'],
    [
      'https://user@decoder.example.com/',
      'a URL without user and password; name a secret in tokenSecret instead',
    ],
    [
      'https://:pass@decoder.example.com/',
      'a URL without user and password; name a secret in tokenSecret instead',
    ],
    ['https://decoder.example.com/?key=1', 'a URL without query and fragment'],
    ['https://decoder.example.com/#a', 'a URL without query and fragment'],
  ])('%s', (text, expected) => {
    expect(expectError(checkBackendUrl(text))).toBe(expected)
  })

  test('a URL whose complaint would quote a password', () => {
    expect(expectError(checkBackendUrl('https://user:canary@decoder.example.com/'))).not.toContain('canary')
  })
})
