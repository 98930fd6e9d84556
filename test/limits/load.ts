/** Clients of one key that ask again as soon as they have an answer. */
import { Agent, request } from 'node:http'
import type { TestGateway } from '../support/gateway.ts'

/** A request that was granted; in milliseconds of this process. The gateway decided at some moment in between. */
export interface Grant {
  readonly sentAt: number
  readonly answeredAt: number
}

export interface Outcome {
  readonly grants: readonly Grant[]
  /** Answers by status and code. */
  readonly answers: ReadonlyMap<string, number>
}

const QUERY =
  'output_type=pt&partial_postprocess=True&shape=1&shape=4&shape=8&shape=8&dtype=float16&do_scaling=True'
const LATENT = Buffer.alloc(512)

/** @param goesOn whether another request is sent, after so many */
export async function askAgainAndAgain(
  gateway: TestGateway,
  key: string,
  clients: number,
  goesOn: (asked: number) => boolean,
): Promise<Outcome> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const grants: Grant[] = []
  const answers = new Map<string, number>()
  let asked = 0
  const client = async (): Promise<void> => {
    while (goesOn(asked)) {
      asked++
      const sentAt = performance.now()
      const answer = await ask(gateway.url, key, agent)
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      if (answer === '200') grants.push({ sentAt, answeredAt: performance.now() })
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  agent.destroy()
  return { grants, answers }
}

/** One decode: its status, and the code of a problem. */
function ask(url: string, key: string, agent: Agent): Promise<string> {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'tensor/binary',
    'content-length': LATENT.length,
    accept: 'tensor/binary',
  }
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/auraflow?${QUERY}`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode = 0 } = response
        if (statusCode === 200) return resolve('200')
        const { code } = JSON.parse(Buffer.concat(chunks).toString()) as { code: string }
        resolve(`${statusCode} ${code}`)
      })
    })
    sent.on('error', reject)
    sent.end(LATENT)
  })
}
