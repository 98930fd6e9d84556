import { Command, InvalidArgumentError } from 'commander'
import { planFingerprint } from '../auth/api-key.ts'
import { KeyRing } from '../auth/key-ring.ts'
import type { Config } from '../config.ts'
import { startGateway } from '../local/gateway.ts'
import { readInstallation } from '../local/installation.ts'
import { greeting } from './greeting.ts'

interface StartOptions {
  config?: string
  port: number
  host: string
  data: string
}

function parsePort(text: string): number {
  const port = Number(text)
  if (!/^[0-9]+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Expected a port from 0 to 65535.')
  return port
}

export const startCommand = new Command('start')
  .description('serve the gateway on this machine, as the platform would')
  .option('--config <file>', 'a wrangler.toml whose [vars] are served (default: the project’s own)')
  .option('--port <number>', 'port to listen on; 0 for any free one', parsePort, 8787)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--data <dir>', 'where the Durable Objects keep their databases', '.data')
  .action(async ({ config: configFile, port, host, data }: StartOptions) => {
    const { config, bindings, secretsFile } = readInstallation({
      configFile,
      env: process.env,
      createSecrets: true,
    })
    const gateway = await startGateway({ host, port, dataDir: data, bindings })
    const stop = (): void => {
      void gateway.stop().finally(() => process.exit(0))
    }
    // Before anybody is told how to stop it.
    takeOver('SIGINT', stop)
    takeOver('SIGTERM', stop)
    process.stdout.write(greeting(gateway.url, await developmentKey(config), config, secretsFile))
  })

/** The same key at each start, so that a client that is set up once stays set up: its id never changes. */
async function developmentKey(config: Config): Promise<string> {
  const ring = await KeyRing.import(config.peppers)
  return ring.mint({ keyId: 'de7e109600000000', expiryDay: 0, plan: planFingerprint('default') })
}

/**
 * Miniflare would end the process before the gateway has stopped, with the code of a crash. The signal is never without
 * a listener, or one that comes at this moment would be lost.
 */
function takeOver(signal: NodeJS.Signals, stop: () => void): void {
  const others = process.listeners(signal)
  process.once(signal, stop)
  for (const other of others) process.removeListener(signal, other)
}
