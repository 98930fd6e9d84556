import { InvalidArgumentError } from 'commander'
import { planFingerprint } from '../auth/api-key.ts'
import { KeyRing } from '../auth/key-ring.ts'
import type { Config } from '../config.ts'
import { readInstallation } from '../local/installation.ts'
import { newCommand } from './command.ts'
import { greeting } from './greeting.ts'
import type { JsonOption } from './terminal/say.ts'

interface StartOptions extends JsonOption {
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

export const startCommand = newCommand('start', {
  summary: 'serve the gateway on this machine, as the platform would',
  examples: ['vae-gateway start --port 8080', 'vae-gateway start --config staging.toml --data .data-staging'],
})
  .option('--config <file>', 'a wrangler.toml whose [vars] are served (default: the project’s own)')
  .option('--port <number>', 'port to listen on; 0 for any free one', parsePort, 8787)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option('--data <dir>', 'where the Durable Objects keep their databases', '.data')
  .action(async ({ config: configFile, port, host, data, json }: StartOptions) => {
    const { config, bindings, secretsFile } = readInstallation({
      configFile,
      env: process.env,
      createSecrets: true,
    })
    // Only here: the runtime takes longer to load than other commands to run.
    const { startGateway } = await import('../local/gateway.ts')
    const gateway = await startGateway({ host, port, dataDir: data, bindings })
    const stop = (): void => {
      void gateway.stop().finally(() => process.exit(0))
    }
    // Before anybody is told how to stop it.
    takeOver('SIGINT', stop)
    takeOver('SIGTERM', stop)
    const key = await developmentKey(config)
    const { url } = gateway
    const text = json ? `${JSON.stringify({ url, key })}\n` : greeting(url, key, config, secretsFile)
    process.stdout.write(text)
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
