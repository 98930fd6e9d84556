#!/usr/bin/env node
// Runs the command on the project's own Node, since the machine's may be too old to read TypeScript.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('./main.ts', import.meta.url))
const pinned = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url))
const node = existsSync(pinned) ? pinned : process.execPath
const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
})
