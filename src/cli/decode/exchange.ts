/** The request and its answer, with every way they can fail in words. */
import { HEADER } from '../../wire/headers.ts'
import { readProblem, reasonOf } from '../answers.ts'
import { CommandFailure } from '../ending.ts'
import type { Progress } from '../terminal/progress.ts'
import { printable } from '../terminal/table.ts'
import type { Latent } from './latent.ts'
import { saveWhole, uploadOf } from './transfer.ts'

/** @throws CommandFailure when there is no answer */
export async function send(
  fetcher: typeof fetch,
  target: string,
  headers: Record<string, string>,
  latent: Latent,
  progress: Progress,
  interrupted: AbortSignal,
): Promise<Response> {
  const body = uploadOf(latent.bytes, progress)
  try {
    const init = { method: 'POST', headers, body, duplex: 'half', redirect: 'manual' } as const
    return await fetcher(target, { ...init, signal: interrupted })
  } catch (error) {
    if (interrupted.aborted) throw new CommandFailure('Interrupted.', { code: 'interrupted' })
    throw new CommandFailure(`The gateway cannot be reached: ${reasonOf(error)}.`, { code: 'unreachable' })
  }
}

/** Why the gateway did not decode. */
export async function refusal(response: Response): Promise<CommandFailure> {
  const { status, headers } = response
  const problem = readProblem(await response.text().catch(() => ''))
  if (!problem)
    return new CommandFailure(`Something answered ${status} that is no gateway; is the URL right?`, {
      status,
    })
  const { code, detail, requestId } = problem
  const after = headers.get('retry-after')
  const again = after === null ? '' : ` Try again in ${after} s.`
  const text = printable(`${code}: ${detail}${again} (request ${requestId})`)
  return new CommandFailure(text, {
    status,
    code,
    detail,
    requestId,
    ...(after !== null && { retryAfterS: Number(after) }),
  })
}

/**
 * @returns bytes of the file
 * @throws CommandFailure when it is not whole, and nothing is written then
 */
export async function receive(
  response: Response,
  output: string,
  progress: Progress,
  interrupted: AbortSignal,
): Promise<number> {
  const length = response.headers.get('content-length')
  let bytes: number | undefined
  try {
    const body = response.body as AsyncIterable<Uint8Array> | null
    bytes = await saveWhole(body ?? empty(), output, length === null ? undefined : Number(length), progress)
  } catch (error) {
    if (interrupted.aborted)
      throw new CommandFailure('Interrupted. Nothing was written.', { code: 'interrupted' })
    const { code } = error as NodeJS.ErrnoException
    // A disk that is full is not the gateway's fault.
    if (code?.startsWith('E')) throw new CommandFailure(`${output} cannot be written: ${code}.`, { code })
    throw new CommandFailure(`The answer broke off: ${reasonOf(error)}. Nothing was written.`, {
      code: 'broke-off',
    })
  }
  if (bytes === undefined)
    throw new CommandFailure('The answer is no whole picture or video. Nothing was written.')
  return bytes
}

async function* empty(): AsyncGenerator<Uint8Array> {}

/** What the gateway says of an answer beside it. */
export interface AnswerFacts {
  readonly model: string | null
  readonly backend: string | null
  readonly attempts: number
  readonly quality: string | null
  readonly warning: string | null
}

export const factsOfAnswer = (headers: Headers): AnswerFacts => ({
  model: headers.get(HEADER.model),
  backend: headers.get(HEADER.backend),
  attempts: Number(headers.get(HEADER.attempts) ?? 1),
  quality: headers.get(HEADER.quality),
  warning: headers.get('x-vae-warning'),
})
