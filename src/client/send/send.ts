/** One request, tried until it is answered or there is no point. */
import type { Ambient } from '../../lib/ambient.ts'
import { sleep } from '../../lib/sleep.ts'
import { VaeGatewayError } from '../errors.ts'
import type { RequestOptions } from '../options.ts'
import { type Call, openCall } from './call.ts'
import { exchange, type Transport } from './exchange.ts'
import { readRefusal } from './refusal.ts'
import { deadlineHeader, type Outgoing } from './request.ts'
import { retryDelay, retryPolicy } from './retry.ts'

export interface Network {
  readonly transport: Transport
  readonly ambient: Pick<Ambient, 'now' | 'random' | 'after'>
}

/** Takes the answer of a try. What it throws as a VaeGatewayError may be tried again. It closes the call when it is over. */
export type Receive<T> = (response: Response, call: Call) => Promise<T>

/** @throws VaeGatewayError, or the reason of the caller's signal */
export async function send<T>(
  outgoing: Outgoing,
  receive: Receive<T>,
  options: RequestOptions,
  { transport, ambient }: Network,
): Promise<T> {
  const { signal, deadlineMs, onProgress, onRetry } = options
  const policy = retryPolicy(options.retry)
  const call = openCall(signal, deadlineMs, ambient)
  const attemptOnce = async (): Promise<T> => {
    const timed = deadlineMs === undefined ? {} : deadlineHeader(call.remainingMs())
    const dated = { ...outgoing, headers: { ...outgoing.headers, ...timed } }
    const response = await exchange(dated, call.signal, onProgress, transport)
    if (response.status !== 200) throw await readRefusal(response, ambient.now())
    return receive(response, call)
  }
  try {
    for (let attempt = 1; ; attempt++) {
      call.check()
      try {
        return await attemptOnce()
      } catch (error) {
        // Whatever broke off because nobody waits any more is not what failed.
        call.check()
        if (!(error instanceof VaeGatewayError)) throw error
        error.attempts = attempt
        const delayMs = retryDelay(error, attempt, policy, ambient.random())
        if (delayMs === undefined || delayMs >= call.remainingMs()) throw error
        onRetry?.({ attempt, delayMs, error })
        await sleep(delayMs, ambient, call.signal)
      }
    }
  } catch (error) {
    call.close()
    throw error
  }
}
