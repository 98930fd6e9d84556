/** Which gateway a command speaks to, and with what token. */
import type { Command } from 'commander'
import { realAmbient } from '../../lib/ambient.ts'
import type { Result } from '../../lib/result.ts'
import { CommandFailure, UsageFailure } from '../ending.ts'
import { type AdminAccess, AdminClient, type AdminFailure } from './client.ts'

export interface AccessOptions {
  readonly url?: string
  readonly adminToken?: string
}

/** Adds the options that say where a gateway is and who we are. */
export const withAccess = (command: Command): Command =>
  withUrl(command).option('--admin-token <token>', 'its admin token (default: $VAE_GATEWAY_ADMIN_TOKEN)')

export const withUrl = (command: Command): Command =>
  command.option('--url <url>', 'where the gateway is (default: $VAE_GATEWAY_URL)')

/** @returns undefined when neither flags nor environment name both; a flag alone is a mistake */
export function findAccess(options: AccessOptions, env: NodeJS.Dict<string>): AdminAccess | undefined {
  const url = options.url ?? env.VAE_GATEWAY_URL
  const token = options.adminToken ?? env.VAE_GATEWAY_ADMIN_TOKEN
  if (url && token) return { url: checkUrl(url), token }
  if (options.url) throw new UsageFailure(`${MISSING_TOKEN} as well as --url.`)
  if (options.adminToken) throw new UsageFailure(`${MISSING_URL} as well as --admin-token.`)
  return undefined
}

const MISSING_TOKEN = 'Expected an admin token (--admin-token or VAE_GATEWAY_ADMIN_TOKEN)'
const MISSING_URL = 'Expected the URL of a gateway (--url or VAE_GATEWAY_URL)'

/** A client for the gateway that the options or the environment name. */
export function adminClient(options: AccessOptions, unwanted?: AbortSignal): AdminClient {
  const access = findAccess(options, process.env)
  if (!access) throw new UsageFailure(process.env.VAE_GATEWAY_URL ? `${MISSING_TOKEN}.` : `${MISSING_URL}.`)
  return new AdminClient(access, realAmbient.fetch, unwanted)
}

/** The URL of a gateway that the options or the environment name, without a slash at its end. */
export function gatewayUrl({ url }: AccessOptions, env: NodeJS.Dict<string>): string {
  const text = url ?? env.VAE_GATEWAY_URL
  if (!text) throw new UsageFailure(`${MISSING_URL}.`)
  return checkUrl(text)
}

function checkUrl(text: string): string {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new UsageFailure(`Expected a URL such as https://vae.example.com, not "${text}".`)
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new UsageFailure('Expected a URL without user, password, query and fragment.')
  }
  return url.href.replace(/\/+$/, '')
}

/** The value, or the end of the command with the reason in words. */
export function unwrap<T>(answer: Result<T, AdminFailure>): T {
  if (answer.ok) return answer.value
  const { error } = answer
  switch (error.kind) {
    case 'unreachable':
      throw new CommandFailure(`The gateway cannot be reached: ${error.reason}.`, { code: 'unreachable' })
    case 'unexpected':
      throw new CommandFailure(
        `Something answered ${error.status} that is not what a gateway of this release says; is the URL right?`,
        { status: error.status },
      )
    case 'problem': {
      const { code, detail, requestId } = error.problem
      const hint = HINTS[code] ?? ''
      throw new CommandFailure(`${code}: ${detail}${hint}`, { status: error.status, code, requestId })
    }
  }
}

const HINTS: Readonly<Record<string, string>> = {
  unauthorized: ' The admin token is not that of this gateway.',
}
