/**
 * A process: a backend that costs as little as it can. It reads a request to its end and sends an answer that lies
 * ready; which one follows from the length of the body and the type that is asked for.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { answerOf, bodyBytes, CELLS } from './cells.ts'

const answers = new Map(CELLS.map((cell) => [`${bodyBytes(cell)} ${cell.accept}`, answerOf(cell)]))
/** To a question after its health, and to what is no decode of the benchmark. */
const EMPTY = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')

/** Requests come one after the other, as proxies send them; a head may come in pieces. */
function serve(socket: Socket): void {
  let head = ''
  let answer: Buffer | undefined
  let left = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk) => {
    let bodyAt = 0
    if (!answer) {
      const before = head.length
      head += chunk.toString('latin1')
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const fields = head.slice(0, end)
      left = Number(/\r\ncontent-length: *(\d+)/i.exec(fields)?.[1] ?? 0)
      answer = answers.get(`${left} ${/\r\naccept: *([^\r]+)/i.exec(fields)?.[1]}`) ?? EMPTY
      bodyAt = end + 4 - before
      head = ''
    }
    left -= chunk.length - bodyAt
    if (left > 0) return
    socket.write(answer)
    answer = undefined
  })
}

const server = createServer({ noDelay: true }, serve).listen(0, '127.0.0.1', () => {
  process.send?.((server.address() as AddressInfo).port)
})
process.once('disconnect', () => process.exit())
