/** Somebody who follows the documentation: a folder like a clone, a gateway with backends, keys. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '../support/behaviours.ts'
import { startFakeBackend } from '../support/fake-backend.ts'
import { startTestGateway } from '../support/gateway.ts'
import { ADMIN_TOKEN, operate, ordered } from '../support/operator.ts'
import { toolkit } from '../support/toolkit.ts'
import { root } from './markdown.ts'
import type { Own } from './shell.ts'

export interface Reader {
  /** What is the reader's own, with a new key each time. */
  own(): Promise<Own>
  /** Runs a script in the folder; rejects with what it said unless it ends with 0. */
  run(script: string, own: Own): Promise<void>
  leave(): Promise<void>
}

/** What a clone has and this folder is to have for itself. */
const NOT_SHARED = new Set(['.git', '.data', '.dev.vars', '.wrangler'])

export async function startReader(): Promise<Reader> {
  const backend = await startFakeBackend(serve)
  const encoder = await startFakeBackend(toolkit)
  const gateway = await startTestGateway({
    ADMIN_TOKEN,
    BACKENDS: [
      { id: 'sdxl-us-1', url: backend.url, models: ['auraflow'] },
      { id: 'encoder', url: encoder.url, models: ['sdxl'], operations: ['encode'] },
      { id: 'preview', kind: 'preview', models: ['*'] },
    ],
    PLANS: { pro: { requestsPerMinute: 600 } },
  })
  const folder = mkdtempSync(join(tmpdir(), 'vae-gateway-reader-'))
  for (const name of readdirSync(root)) {
    if (!NOT_SHARED.has(name)) symlinkSync(join(root, name), join(folder, name))
  }
  // The real npx takes longer than the command.
  const command = `exec '${process.execPath}' '${join(root, 'src/cli/main.ts')}'`
  mkdirSync(join(folder, 'bin'))
  writeFileSync(
    join(folder, 'bin', 'npx'),
    `#!/bin/sh\n[ "$1" = vae-gateway ] && shift && ${command} "$@"\nexit 127\n`,
    { mode: 0o755 },
  )
  // curl says of itself that a refusal is none of its business.
  writeFileSync(join(folder, '.curlrc'), 'fail-with-body\nsilent\nshow-error\n')
  return {
    async own() {
      const made = await ordered<{ id: string; key: string }>(operate(gateway, '/keys', { name: 'a reader' }))
      return { url: gateway.url, key: made.key, keyId: made.id, adminToken: ADMIN_TOKEN }
    },
    async run(script, { url, key, adminToken }) {
      const { PATH = '', HOME = '' } = process.env
      const shell = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
        cwd: folder,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: `${join(folder, 'bin')}:${PATH}`,
          HOME,
          CURL_HOME: folder,
          ADMIN_TOKEN: adminToken,
          VAE_GATEWAY_URL: url,
          VAE_GATEWAY_ADMIN_TOKEN: adminToken,
          VAE_GATEWAY_KEY: key,
        },
      })
      let said = ''
      for (const stream of [shell.stdout, shell.stderr]) {
        stream.on('data', (chunk) => {
          said += chunk
        })
      }
      const [code] = await once(shell, 'close')
      if (code !== 0) throw new Error(`Ended with ${code}:\n${script}\n${said}`)
    },
    async leave() {
      await gateway.stop()
      await backend.stop()
      await encoder.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
