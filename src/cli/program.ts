/** The whole command line: every command, and what they end with. */
import { Command } from 'commander'
import { backendsCommand } from './backends.ts'
import { family } from './command.ts'
import { configCommand } from './config/index.ts'
import { decodeCommand } from './decode/index.ts'
import { initCommand } from './init/index.ts'
import { keysCommand } from './keys/index.ts'
import { poolsCommand } from './pools/index.ts'
import { secretsCommand } from './secrets.ts'
import { startCommand } from './start.ts'

const ENDINGS = `
Ends with 0 when all is good, 1 when what was asked for failed or mistakes were found, 2 when the command line is wrong.
Environment: VAE_GATEWAY_URL, VAE_GATEWAY_KEY and VAE_GATEWAY_ADMIN_TOKEN stand for --url, --key and --admin-token.

Example:
  npx vae-gateway start`

/** @returns commands that throw CommanderError instead of ending the process */
export function createProgram(): Command {
  const program = new Command('vae-gateway')
    .description('One public decode URL, with API keys, in front of a pool of GPU VAE decoders.')
    .addHelpText('after', ENDINGS)
  for (const command of [
    startCommand,
    decodeCommand,
    keysCommand,
    poolsCommand,
    backendsCommand,
    configCommand,
    initCommand,
    secretsCommand,
  ])
    program.addCommand(command)
  for (const command of family(program)) {
    // `pools watch --json` is said to watch, not to pools.
    command.exitOverride().enablePositionalOptions().showHelpAfterError('(--help says more)')
  }
  return program
}
