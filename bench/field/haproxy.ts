/** HAProxy as an operator would set it up: each backend gets as many at a time as it has slots, the rest wait in a queue. */
import type { BackendAddress, Contender } from '../performance/contender.ts'
import { startDaemon } from '../performance/daemon.ts'
import type { FieldBackend } from '../scenario.ts'

const configuration = (
  port: number,
  addresses: readonly BackendAddress[],
  backends: readonly FieldBackend[],
): string => `
global
  maxconn 4000
defaults
  mode http
  balance leastconn
  retries 3
  option redispatch
  timeout connect 5s
  timeout client 15m
  timeout server 15m
  timeout queue 15m
  timeout http-keep-alive 15m
listen decoders
  bind 127.0.0.1:${port}
  ${addresses.map(({ host, port }, i) => `server gpu-${i + 1} ${host}:${port} maxconn ${backends[i]?.slots ?? 1}`).join('\n  ')}
`

export const startHaproxy = (
  addresses: readonly BackendAddress[],
  backends: readonly FieldBackend[],
): Promise<Contender> =>
  startDaemon('haproxy', (port) => ({
    configuration: configuration(port, addresses, backends),
    args: (file) => ['-f', file, '-db', '-q'],
  }))
